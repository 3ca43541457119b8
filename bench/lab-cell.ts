import { openData } from "../simulations/data/settings.ts";
import { parseGrid } from "../simulations/lab/command/read-grid.ts";
import { hasRun, type Seconds } from "../simulations/lab/job/result.ts";
import { runCell } from "../simulations/lab/job/run-cell.ts";
import { type Cell, cellsOf } from "../simulations/lab/scenario/cell.ts";

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

/** Seconds of one federation from its enrolments to its last version, in this thread, with the data in memory. */
export async function secondsOfCell(rounds: number): Promise<Seconds> {
  const [cell] = cellsOf(parseGrid(`${SCENARIO}rounds: ${rounds}`, "scenario", "bench.yaml")) as [Cell];
  const data = await openData(cell.data, ".");
  const now = () => performance.now();
  const result = await runCell(cell, { data, baseFolder: ".", transport: "memory", now, progress: () => undefined });
  if (!hasRun(result) || result.outcome !== "completed") throw new Error(result.reason);
  return result.seconds;
}
