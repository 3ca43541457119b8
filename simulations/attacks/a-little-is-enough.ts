import { crafting, type TrainerAttack } from "./attack.ts";
import { normalQuantile } from "./normal-quantile.ts";

/**
 * ALittleIsEnough (Baruch et al. 2019, algorithm 3): the colluders estimate the mean mu and the standard deviation
 * sigma (ddof 1) of honest deltas from their own, and all send mu - z * sigma: small enough per coordinate to hide
 * among the honest, biased enough to matter.
 */
export function aLittleIsEnough({ z }: { readonly z: number }): TrainerAttack<"colluders"> {
  return {
    decorates: "trainer",
    knows: "colluders",
    decorate: (honest, coalition) =>
      crafting(honest, async ({ delta }, task) => shiftedMean(await coalition.exchange(task, delta), z)),
  };
}

/**
 * The largest z that the paper calls undetectable: Phi^-1((n - m - s) / (n - m)) with s = floor(n/2 + 1) - m, for n
 * clients of whom m attack. At or below 0 (m = 1, or n = 8 with m = 2) the attack does nothing useful.
 */
export function undetectableZ(numClients: number, numAttackers: number): number {
  const supporters = Math.floor(numClients / 2 + 1) - numAttackers;
  const honest = numClients - numAttackers;
  return normalQuantile((honest - supporters) / honest);
}

/** Why the attack would do nothing; undefined when it does something. */
export function whyNoOp(z: number, numAttackers: number): string | undefined {
  if (numAttackers < 2) return "one colluder alone has no standard deviation to hide in, so it sends its honest delta";
  if (z <= 0) return `z = ${Number(z.toFixed(3))} is not above 0, so the colluders do not push the mean the other way`;
  return undefined;
}

/**
 * mu - z * sigma per coordinate, sigma with ddof 1 (0 for a single row), in float64.
 *
 * @param rows at least one row of d values
 */
export function shiftedMean(rows: readonly Float32Array[], z: number): Float32Array {
  const n = rows.length;
  return Float32Array.from({ length: rows[0]?.length ?? 0 }, (_, k) => {
    let sum = 0;
    for (const row of rows) sum += row[k] as number;
    const mean = sum / n;
    let squares = 0;
    for (const row of rows) squares += ((row[k] as number) - mean) ** 2;
    return mean - z * Math.sqrt(squares / Math.max(1, n - 1));
  });
}
