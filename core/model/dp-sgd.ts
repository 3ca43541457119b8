import { setImmediate as nextTurn } from "node:timers/promises";
import type { Dataset } from "../data/dataset.ts";
import type { LocalTraining } from "../plan.ts";
import { normals } from "../random/normals.ts";
import type { Random } from "../random/random.ts";
import type { ExampleMechanism } from "../update.ts";
import type { Network } from "./network.ts";
import { poissonSample } from "./poisson-sample.ts";
import { requireFit } from "./train.ts";

export interface PrivateRun {
  readonly mechanism: ExampleMechanism;
  readonly local: Pick<LocalTraining, "learningRate" | "momentum">;
  /** Of samples and noise: a cryptographic generator outside of simulations. */
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly progress?: ((stepsDone: number, stepsTotal: number) => void) | undefined;
  /** Lets others of this thread have their turn; by default one of the event loop's. */
  readonly turn?: (() => Promise<unknown>) | undefined;
}

/**
 * Takes the mechanism's steps from the network's present weights by DP-SGD (Abadi et al. 2016, "Deep learning with
 * differential privacy", algorithm 1): a Poisson sample of the examples, each gradient clipped, normal noise of standard
 * deviation noiseMultiplier * clipNorm on every coordinate of their sum, divided by sampleRate * numExamples, the number
 * of examples expected, whatever came. Every step of it is charged, one on an empty sample too.
 *
 * It protects single examples; how many there are it does not hide. There is no loss to report: that of a batch has no
 * noise.
 * @throws DATA_FILE_INVALID when data and model do not fit, PRIVACY_UNSUPPORTED for a model that mixes examples, the
 *   signal's reason when it aborts
 */
export async function trainPrivately(network: Network, dataset: Dataset, run: PrivateRun): Promise<void> {
  const { clipNorm, noiseMultiplier, sampleRate, steps } = run.mechanism;
  const { turn = nextTurn } = run;
  requireFit(network, dataset);
  const draw = normals(run.random);
  const descent = {
    ...run.local,
    clipNorm,
    expectedBatchSize: sampleRate * dataset.numExamples,
    noise: (count: number) => draw(count, noiseMultiplier * clipNorm),
  };
  for (let done = 1; done <= steps; done++) {
    network.privateStep(dataset.batch(poissonSample(dataset.numExamples, sampleRate, run.random)), descent);
    run.progress?.(done, steps);
    await turn();
    run.signal.throwIfAborted();
  }
}
