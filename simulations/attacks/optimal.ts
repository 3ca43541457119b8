import type { TrainingTask } from "../../client/index.ts";
import type { Attack, Insider } from "./attack.ts";
import { crafting, fromAll, oncePerAttempt } from "./crafting.ts";
import { lineSearch, type Search } from "./line-search.ts";
import { along, meanOf, squaredDistance } from "./moments.ts";

type LineOf = (rows: readonly Float32Array[], mean: Float64Array) => Line;

/** The rows that an attack of one factor can send: from + factor * direction. */
interface Line {
  readonly from: Float64Array;
  readonly direction: Float64Array;
}

/**
 * All attackers send the row along a line for which ||F(honest and attackers) - mean(honest)|| is the greatest, F being
 * the pipeline in force (the optimised attacks in the experiments of Allouah et al. 2023, and of ByzFL).
 */
export function optimal(search: Search, lineOf: LineOf): Attack {
  const once = oncePerAttempt<Float32Array>();
  return {
    knows: "knows-rule",
    trainer: (honest, known) => crafting(honest, (_, task) => once(task, () => worst(known, task, search, lineOf))),
  };
}

async function worst(known: Insider, task: TrainingTask, search: Search, lineOf: LineOf): Promise<Float32Array> {
  const rows = await known.honest(task);
  const mean = meanOf(rows);
  const { from, direction } = lineOf(rows, mean);
  const at = (factor: number) => along(from, direction, factor);
  const { x: factor } = await lineSearch(search, async (x) => {
    const result = await known.aggregate(task, [...rows, ...fromAll(known, task, at(x))]);
    return result === undefined ? 0 : Math.sqrt(squaredDistance(result, mean));
  });
  return at(factor);
}
