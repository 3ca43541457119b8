import { batches } from "../core/data/batches.ts";
import { initialWeights } from "../core/model/builtin.ts";
import { openNetwork } from "../core/model/network.ts";
import type { BuiltinModel } from "../core/plan.ts";
import { seededRandom } from "../core/random/seeded.ts";
import { syntheticData } from "../simulations/data/synthetic.ts";
import type { TrainingThreads } from "../simulations/lab/training/training.ts";
import { trainingThreads } from "../simulations/lab/training/training-threads.ts";
import { secondsOfCell } from "./lab-cell.ts";
import { grid } from "./lab-grid.ts";
import { endOf, type Gate, table } from "./report.ts";
import { type Runner, startPeers } from "./runners.ts";

/**
 * What a federation in the lab costs. First a training step, from the data set to the new weights, beside the same step in
 * PyTorch, both on one thread and in turns, in processor time, so that what else the machine does counts less. Then a whole
 * federation by the clock, in one thread and in two. `--grid` takes the time of the first look instead.
 */
const BATCH_SIZE = 32;
const STEPS = 25;
const [TURNS, ROUNDS] = process.argv.includes("--quick") ? [3, 5] : [15, 50];
const LOCAL = { learningRate: 0.05, momentum: 0.9 };

/** Times the step of PyTorch, at most. */
const AT_MOST: Readonly<Record<string, number>> = { mlp: 3, cnn: 6 };
const NETWORKS: Readonly<Record<string, BuiltinModel>> = {
  mlp: { builtin: "mlp", inputs: 784, hidden: 128, classes: 10 },
  cnn: { builtin: "cnn", inputs: 784, channels: 1, classes: 10 },
};

async function ourSteps(model: BuiltinModel): Promise<Runner> {
  const { train } = syntheticData({ inputs: 784, classes: 10, train: 2_000, test: 1, noiseStdDev: 0.25, seed: 0 });
  const network = await openNetwork(model, undefined);
  network.setWeights(initialWeights(model, 0));
  const order = batches(train.numExamples, BATCH_SIZE, seededRandom(new Uint8Array(32)));
  return {
    run: async () => {
      const before = process.cpuUsage();
      for (let i = 0; i < STEPS; i++) network.step(train.batch(order.next().value), LOCAL);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6 / STEPS;
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Medians of seconds, after one turn that warms up. */
async function inTurns(runners: readonly Runner[]): Promise<number[]> {
  const seconds = runners.map((): number[] => []);
  for (let turn = 0; turn <= TURNS; turn++) {
    for (const [i, runner] of runners.entries()) {
      const taken = await runner.run();
      if (turn > 0) seconds[i]?.push(taken);
    }
  }
  return seconds.map(median);
}

if (process.argv.includes("--grid")) await grid();
else await stepsAndFederation();

async function stepsAndFederation(): Promise<void> {
  const peers = await startPeers("training-peers.py", [BATCH_SIZE, STEPS]);
  const milliseconds = (seconds: number | undefined) => (seconds === undefined ? "" : (1e3 * seconds).toFixed(2));
  const rows: string[][] = [];
  const figures: Record<string, unknown> = {};
  const gates: Gate[] = [];
  for (const [name, model] of Object.entries(NETWORKS)) {
    const torch = peers?.peer(`torch ${name}`);
    const [ours = 0, theirs] = await inTurns([await ourSteps(model), ...(torch === undefined ? [] : [torch])]);
    figures[name] = { ours, torch: theirs };
    const ratio = theirs === undefined ? "" : (ours / theirs).toFixed(2);
    rows.push([name, milliseconds(ours), milliseconds(theirs), ratio]);
    if (theirs === undefined) continue;
    const most = AT_MOST[name] ?? Number.NaN;
    gates.push({
      what: `${name}: at most ${most} times a step of PyTorch`,
      passed: ours <= most * theirs,
      found: ratio,
    });
  }
  await peers?.end();
  const beside = peers?.versions["torch"] === undefined ? "no PyTorch here" : `PyTorch ${peers.versions["torch"]}`;
  const steps = table([`step of ${BATCH_SIZE} examples`, "here, ms", `${beside}, ms`, "ratio"], rows);

  const alone = await federation();
  const threads = trainingThreads(2);
  const inTwo = await federation(threads).finally(() => threads.stop());
  const cell = table(
    [`20 clients, ${ROUNDS} rounds, 10 steps`, "all in one thread, s", "training in two more, s"],
    Object.keys(alone).map((what) => [what, ...[alone, inTwo].map((seconds) => withShare(seconds, what))]),
  );
  const share = inTwo["outside training"] / inTwo.total;
  gates.push(
    {
      what: "the federation, with two threads that train, in at most 25 s",
      passed: inTwo.total <= 25,
      found: `${inTwo.total.toFixed(1)} s`,
    },
    {
      what: "of it less than 15 % in which no client trains",
      passed: share < 0.15,
      found: `${(100 * share).toFixed(1)} %`,
    },
  );
  await endOf("lab", `${steps}\n\n${cell}`, { ...figures, federation: { alone, inTwo } }, gates);
}

/** After a round that warms up. */
async function federation(threads?: TrainingThreads) {
  await secondsOfCell(1, threads);
  const before = process.cpuUsage();
  const { total, setup, training, judging } = await secondsOfCell(ROUNDS, threads);
  const { user, system } = process.cpuUsage(before);
  return { total, training, "outside training": total - training, judging, setup, processor: (user + system) / 1e6 };
}

function withShare(seconds: Awaited<ReturnType<typeof federation>>, what: string): string {
  const taken = seconds[what as keyof typeof seconds];
  const isOfTotal = what !== "total" && what !== "processor";
  return isOfTotal ? `${taken.toFixed(1)} (${((100 * taken) / seconds.total).toFixed(1)} %)` : taken.toFixed(1);
}
