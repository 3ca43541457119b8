import { openData } from "../simulations/data/settings.ts";
import { parseGrid } from "../simulations/lab/command/read-grid.ts";
import { hasRun, type Seconds } from "../simulations/lab/job/result.ts";
import { runCell } from "../simulations/lab/job/run-cell.ts";
import { type Cell, cellsOf } from "../simulations/lab/scenario/cell.ts";
import type { TrainingThreads } from "../simulations/lab/training/training.ts";

/** 20 clients, 10 steps each in a round, and everything a federation does around them. */
const SCENARIO = `
name: bench
data: mnist
model: { builtin: mlp, hidden: 128 }
clients: 20
partition: dirichlet:0.5
local: { steps: 10, batchSize: 32, learningRate: 0.05, momentum: 0.9 }
rule: TrimmedMean
numByzantine: 4
attack: none
evaluation: { everyRounds: 10 }
`;

/**
 * Seconds of one federation from its enrolments to its last version, in this thread but for what the training threads do,
 * with the data in memory.
 */
export async function secondsOfCell(rounds: number, trainingThreads?: TrainingThreads): Promise<Seconds> {
  const [cell] = cellsOf(parseGrid(`${SCENARIO}rounds: ${rounds}`, "scenario", "bench.yaml")) as [Cell];
  const data = await openData(cell.data, ".");
  const now = () => performance.now();
  const surroundings = { data, baseFolder: ".", transport: "memory", trainingThreads, now } as const;
  const result = await runCell(cell, { ...surroundings, progress: () => undefined });
  if (!hasRun(result) || result.outcome !== "completed") throw new Error(result.reason);
  return result.seconds;
}
