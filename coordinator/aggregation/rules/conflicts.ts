/** Which pairs of rows must not both stay. `numRivals` counts, for each row, those of its rivals that are still in. */
export interface Conflicts {
  readonly rivals: readonly (readonly number[])[];
  readonly isIn: Uint8Array;
  readonly numRivals: Int32Array;
}

/** All n rows in, a pair in conflict where `conflict` says so. */
export function conflictsAmong(n: number, conflict: (i: number, j: number) => boolean): Conflicts {
  const rows = Array.from({ length: n }, (_, i) => i);
  const rivals = rows.map((i) => rows.filter((j) => j !== i && conflict(i, j)));
  return {
    rivals,
    isIn: new Uint8Array(n).fill(1),
    numRivals: Int32Array.from(rivals, (others) => others.length),
  };
}

/**
 * Whether no conflict remains once `budget` rows more are out: the vertex cover problem. A row either goes, or all of
 * its rivals do. There is nothing to choose where a row has a single rival (the rival goes, which settles no fewer
 * conflicts) or where all conflicts form rings (any row of a ring may go first); so a choice is between 1 row and 3 or
 * more, and there are at most 1.47^budget of them. Leaves the conflicts as it found them.
 */
export function canSettle(conflicts: Conflicts, budget: number): boolean {
  if (budget < 0) return false;
  const { busiest, most, lonely, total } = survey(conflicts);
  if (total === 0) return true;
  if (total > budget * most) return false;
  if (lonely !== undefined) return canSettleWithout(conflicts, rivalsOf(conflicts, lonely), budget);
  const goes = canSettleWithout(conflicts, [busiest], budget);
  return goes || (most > 2 && canSettleWithout(conflicts, rivalsOf(conflicts, busiest), budget));
}

/** The same with these rows out, at the expense of the budget. */
export function canSettleWithout(conflicts: Conflicts, rows: readonly number[], budget: number): boolean {
  takeOut(conflicts, rows);
  const settled = canSettle(conflicts, budget - rows.length);
  for (const row of rows) move(conflicts, row, 1);
  return settled;
}

export function takeOut(conflicts: Conflicts, rows: readonly number[]): void {
  for (const row of rows) move(conflicts, row, -1);
}

/** The rivals of a row that are still in. */
export function rivalsOf({ rivals, isIn }: Conflicts, row: number): readonly number[] {
  return (rivals[row] ?? []).filter((rival) => isIn[rival] === 1);
}

function move({ rivals, isIn, numRivals }: Conflicts, row: number, by: 1 | -1): void {
  isIn[row] = by === 1 ? 1 : 0;
  for (const rival of rivals[row] ?? []) numRivals[rival] = (numRivals[rival] as number) + by;
}

/** The first row of most rivals, a row of one rival, and the number of conflicts between rows that are in. */
function survey({ isIn, numRivals }: Conflicts) {
  let busiest = 0;
  let most = 0;
  let lonely: number | undefined;
  let ends = 0;
  for (let row = 0; row < isIn.length; row++) {
    const count = isIn[row] === 1 ? (numRivals[row] as number) : 0;
    ends += count;
    if (count === 1) lonely ??= row;
    if (count <= most) continue;
    most = count;
    busiest = row;
  }
  return { busiest, most, lonely, total: ends / 2 };
}
