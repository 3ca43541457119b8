/** A point of the space that is clustered; all points have the same number of coordinates. */
export type Point = readonly number[];

const MAX_STEPS = 300;

interface Mode {
  readonly at: Point;
  readonly numMembers: number;
}

/**
 * Whether each point belongs to the largest cluster that mean shift finds (Comaniciu and Meer 2002, "Mean Shift: A
 * Robust Approach Toward Feature Space Analysis", flat kernel): from every point climb to the mean of the points within
 * `bandwidth` until it stands still; modes within a bandwidth of a stronger one are the same; every point goes to the
 * nearest mode, or to none when that is farther than a bandwidth.
 */
export function largestCluster(points: readonly Point[], bandwidth: number): readonly boolean[] {
  const modes = distinct(
    points.map((point) => climb(point, points, bandwidth)),
    bandwidth,
  );
  const nearest = points.map((point) => nearestMode(point, modes, bandwidth));
  const sizes = modes.map((_, k) => nearest.filter((it) => it === k).length);
  const largest = sizes.indexOf(Math.max(...sizes));
  return nearest.map((it) => it === largest);
}

/** Mean distance of a point to the nearest `quantile` of all points, itself included: the usual bandwidth. */
export function bandwidthOf(points: readonly Point[], quantile: number): number {
  const rank = Math.max(1, Math.floor(quantile * points.length));
  const reach = points.map((a) => {
    const distances = Float64Array.from(points, (b) => distance(a, b)).sort();
    return distances[rank - 1] as number;
  });
  return reach.reduce((sum, it) => sum + it, 0) / points.length;
}

function climb(start: Point, points: readonly Point[], bandwidth: number): Mode {
  let at = start;
  for (let step = 0; ; step++) {
    const members = points.filter((point) => distance(point, at) <= bandwidth);
    const next = meanOf(members, at);
    if (step === MAX_STEPS || distance(next, at) <= 1e-3 * bandwidth) return { at: next, numMembers: members.length };
    at = next;
  }
}

/** The strongest first; equally strong ones by their coordinates, so that the order of the points decides nothing. */
function distinct(modes: readonly Mode[], bandwidth: number): readonly Point[] {
  const kept: Point[] = [];
  for (const { at } of [...modes].sort((a, b) => b.numMembers - a.numMembers || compare(b.at, a.at))) {
    if (kept.every((other) => distance(at, other) > bandwidth)) kept.push(at);
  }
  return kept;
}

function compare(a: Point, b: Point): number {
  const k = a.findIndex((value, i) => value !== b[i]);
  return k < 0 ? 0 : (a[k] as number) - (b[k] as number);
}

function nearestMode(point: Point, modes: readonly Point[], bandwidth: number): number {
  const distances = modes.map((mode) => distance(point, mode));
  const least = Math.min(...distances);
  return least <= bandwidth ? distances.indexOf(least) : -1;
}

function meanOf(points: readonly Point[], otherwise: Point): Point {
  if (points.length === 0) return otherwise;
  return otherwise.map((_, k) => points.reduce((sum, point) => sum + (point[k] as number), 0) / points.length);
}

function distance(a: Point, b: Point): number {
  return Math.sqrt(a.reduce((sum, value, k) => sum + (value - (b[k] as number)) ** 2, 0));
}
