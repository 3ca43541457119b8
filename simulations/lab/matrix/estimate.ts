import { isBuiltin, type Plan } from "../../../core/plan.ts";
import { whyInfeasible } from "../job/lab-plan.ts";
import type { Cell } from "../scenario/cell.ts";
import { askedOnAverage } from "../scenario/setting.ts";

/** What a grid will take, from figures of an ordinary machine: right to a factor of a few. */
export interface Estimate {
  readonly numCells: number;
  /** Those of them that are added for the no-attack cost. */
  readonly numBaselines: number;
  readonly numInfeasible: number;
  readonly numUpdates: number;
  readonly seconds: number;
}

const FLOPS_PER_SECOND = 5e9;
const SECONDS_PER_STEP = 2e-4;
const SECONDS_PER_UPDATE = 2e-3;
const SECONDS_PER_CELL = 0.5;

interface DataSize {
  /** Values of one example. */
  readonly inputs: number;
  readonly classes: number;
}

/** @param cells to be run, baselines among them */
export function estimate(
  cells: readonly Cell[],
  numBaselines: number,
  numThreads: number,
  { inputs, classes }: DataSize,
): Estimate {
  const feasible = cells.filter((cell) => whyInfeasible(cell) === undefined);
  const numUpdates = feasible.reduce((sum, cell) => sum + updatesOf(cell), 0);
  const seconds = feasible.reduce((sum, cell) => {
    const { steps, batchSize } = cell.local;
    const flops = 6 * batchSize * multipliersOf(cell.model, inputs, classes);
    const perUpdate = steps * (SECONDS_PER_STEP + flops / FLOPS_PER_SECOND) + SECONDS_PER_UPDATE;
    return sum + SECONDS_PER_CELL + updatesOf(cell) * perUpdate;
  }, 0);
  const numInfeasible = cells.length - feasible.length;
  return { numCells: cells.length, numBaselines, numInfeasible, numUpdates, seconds: seconds / numThreads };
}

const updatesOf = (cell: Cell): number => cell.rounds * askedOnAverage(cell);

/** Multiplications of one example's way through the model. */
function multipliersOf(model: Cell["model"], inputs: number, classes: number): number {
  if (!isBuiltin(model as Plan["model"])) return 1e6;
  const { builtin, hidden = 0 } = model as { readonly builtin: string; readonly hidden?: number };
  if (builtin === "softmax") return inputs * classes;
  return builtin === "mlp" ? (inputs + classes) * hidden : 4e6;
}

/** `3 min 20 s` */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.round((seconds % 3_600) / 60)} min`;
}
