import type { Dataset } from "../../core/data/dataset.ts";
import { FederationError } from "../../core/errors.ts";
import { startBackend } from "../../core/model/backends.ts";
import { trainPrivately } from "../../core/model/dp-sgd.ts";
import { type Network, openNetwork } from "../../core/model/network.ts";
import { train } from "../../core/model/train.ts";
import { exampleMechanism } from "../../core/privacy/client-charge.ts";
import type { Random } from "../../core/random/random.ts";
import { secureRandom } from "../../core/random/secure.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import type { LocalUpdate } from "../../core/update.ts";
import { assertDelta, deltaOf, reportedExamples } from "./local-update.ts";
import type { Trainer, TrainingTask } from "./trainer.ts";

interface TfjsOptions {
  readonly dataset: Dataset;
  /** Makes the network of one task, which disposes of it; clients of one process may share one. */
  readonly open?: typeof openNetwork;
  /** Seeds the samples and the noise of DP-SGD; only a simulation gives one that is not secret. */
  readonly random?: Random;
  /** Taken between steps, as TrainingRun has it. */
  readonly turn?: () => Promise<unknown>;
}

/**
 * Trains on this machine with TensorFlow.js; by DP-SGD where the plan asks for example-level privacy. On one backend the
 * same task and data give the same bits, but for that noise.
 * @throws BACKEND_UNAVAILABLE
 */
export async function tfjsTrainer(options: TfjsOptions): Promise<Trainer> {
  const { description } = await startBackend();
  return {
    description,
    train: (task) => trainLocally(task, options),
    close: () => Promise.resolve(),
  };
}

async function trainLocally(task: TrainingTask, options: TfjsOptions): Promise<LocalUpdate> {
  const { open = openNetwork } = options;
  try {
    assertDelta(task.plan, options.dataset.numExamples);
    const network = await open(task.plan.model, task.topology);
    try {
      network.setWeights(task.baseModel);
      const about = await descend(network, task, options);
      const numExamples = reportedExamples(task.plan, options.dataset.numExamples);
      return { delta: deltaOf(network.weights(), task.baseModel), numExamples, ...about };
    } finally {
      network.dispose();
    }
  } catch (cause) {
    if (cause instanceof FederationError && cause.code === "PRIVACY_UNSUPPORTED") throw cause;
    throw new FederationError("TRAINER_FAILED", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function descend(
  network: Network,
  task: TrainingTask,
  { dataset, random = secureRandom, turn }: TfjsOptions,
): Promise<Pick<LocalUpdate, "metrics" | "examplePrivacy">> {
  const { privacy, local } = task.plan;
  const run = { ...task, local, turn };
  if (privacy.mode !== "example") return { metrics: { loss: await train(network, dataset, run) } };
  const mechanism = exampleMechanism(privacy, local);
  await trainPrivately(network, dataset, { ...run, mechanism, random: seededRandom(random.bytes(32)) });
  return { metrics: {}, examplePrivacy: mechanism };
}
