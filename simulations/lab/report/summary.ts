import { type CellResult, type CellRun, hasRun } from "../job/result.ts";
import { type Cell, isAttackRound } from "../scenario/cell.ts";
import { type CellLabels, labelsOf, levelOf, NO_ATTACK } from "./labels.ts";
import { rankOf, type Shortfall, shortfallOf } from "./shortfall.ts";

/** A mean with its spread over seeds. */
export interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** All seeds of one combination. Its figures are of the last round, and of every seed: with a shortfall there are none. */
export interface Point extends CellLabels {
  /** How many attack and what the rule is told, as axes call it. */
  readonly level: string;
  /** Of them those that broke have their rounds until then. */
  readonly runs: readonly CellRun[];
  readonly shortfall: Shortfall | undefined;
  readonly accuracy: Spread | undefined;
  readonly worstClient: Spread | undefined;
  readonly attackSuccess: Spread | undefined;
}

/** Results by combination of attack, defence, partition and f, in the order of the grid: by their settings, not by labels. */
export function pointsOf(results: readonly CellResult[]): Point[] {
  const level = levelOf(results.map((it) => it.cell));
  return grouped(results, ({ cell: { seed: _, ...settings } }) => settings).map((group) => {
    const shortfall = shortfallOf(group);
    const runs = group.filter(hasRun);
    const figured = shortfall === undefined ? runs : [];
    const { cell } = group[0] as CellResult;
    return {
      ...labelsOf(cell),
      level: level(cell),
      runs,
      shortfall,
      accuracy: spreadOf(figured.map((it) => it.accuracy)),
      worstClient: spreadOf(figured.map((it) => it.worstClientAccuracy)),
      attackSuccess: spreadOf(figured.map((it) => it.attackSuccess)),
    };
  });
}

export function spreadOf(values: readonly (number | null)[]): Spread | undefined {
  const known = values.filter((it) => it !== null);
  if (known.length === 0) return undefined;
  const mean = known.reduce((sum, it) => sum + it, 0) / known.length;
  return { mean, min: Math.min(...known), max: Math.max(...known), count: known.length };
}

/** What an adversary free to choose among all attacks leaves of one defence. */
export interface WorstCase extends Pick<Point, "defence" | "partition" | "level"> {
  /**
   * Under the attack that leaves the least: a job that it broke is less than any accuracy, and where an attack has no figure
   * for another reason nobody knows that it leaves more. Undefined where nobody attacks.
   */
  readonly worst: Point | undefined;
  /** With nobody attacking, where the grid has that. */
  readonly clean: Point | undefined;
}

export function worstCases(points: readonly Point[]): WorstCase[] {
  const ofDefence = grouped(points, ({ defence, partition, level }) => [defence, partition, level]);
  return ofDefence.map((group) => {
    const { defence, partition, level } = group[0] as Point;
    const attacked = group.filter((it) => it.attack !== NO_ATTACK);
    const worst = attacked.toSorted((a, b) => leftBy(a) - leftBy(b))[0];
    const clean = group.find((it) => it.attack === NO_ATTACK);
    return { defence, partition, level, worst, clean };
  });
}

function leftBy({ shortfall, accuracy }: Point): number {
  return shortfall === undefined ? (accuracy?.mean ?? 0) : rankOf(shortfall);
}

/** What has the same key together, in the order of the first of each. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => unknown): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** How well the coordinator's own findings tell attackers from honest clients. Null where there was nothing to tell. */
export interface Detection {
  /** Of the clients it found something against, round by round, the share that attacked. */
  readonly precision: number | null;
  /** Of the attackers' turns, the share it found something against. */
  readonly recall: number | null;
  /** Of the honest clients' turns, the share it found something against. */
  readonly falsePositives: number | null;
  /** The first round in which it found something against an attacker. */
  readonly firstRound: number | null;
}

interface Judged {
  readonly cell: Pick<Cell, "attackRounds">;
}

/** Rounds in which attackers are honest tell nothing of them. */
export function detectionOf({ cell, rounds }: Pick<CellRun, "rounds"> & Judged): Detection {
  const attacked = rounds.filter(({ round }) => isAttackRound(cell, round));
  let [hits, misses, wrongly, alarms, honest] = [0, 0, 0, 0, 0];
  for (const { attackers, attackersFlagged, honestFlagged } of attacked) {
    hits += attackersFlagged;
    misses += attackers - attackersFlagged;
    wrongly += honestFlagged;
  }
  for (const round of rounds) {
    alarms += round.honestFlagged;
    honest += round.honest;
  }
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    precision: share(hits, hits + wrongly),
    recall: share(hits, hits + misses),
    falsePositives: share(alarms, honest),
    firstRound: attacked.find((it) => it.attackersFlagged > 0)?.round ?? null,
  };
}
