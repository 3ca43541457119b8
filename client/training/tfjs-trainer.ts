import type { Dataset } from "../../core/data/dataset.ts";
import { FederationError } from "../../core/errors.ts";
import { startBackend } from "../../core/model/backends.ts";
import { openNetwork } from "../../core/model/network.ts";
import { train } from "../../core/model/train.ts";
import type { LocalUpdate } from "../../core/update.ts";
import { deltaOf, reportedExamples } from "./local-update.ts";
import type { Trainer, TrainingTask } from "./trainer.ts";

/**
 * Trains on this machine with TensorFlow.js. On one backend the same task and data give the same bits.
 * @throws BACKEND_UNAVAILABLE
 */
export async function tfjsTrainer({ dataset }: { readonly dataset: Dataset }): Promise<Trainer> {
  const { description } = await startBackend();
  return {
    description,
    train: (task) => trainLocally(task, dataset),
    close: () => Promise.resolve(),
  };
}

async function trainLocally(task: TrainingTask, dataset: Dataset): Promise<LocalUpdate> {
  try {
    const network = await openNetwork(task.plan.model, task.topology);
    try {
      network.setWeights(task.baseModel);
      const loss = await train(network, dataset, { ...task, local: task.plan.local });
      return {
        delta: deltaOf(network.weights(), task.baseModel),
        numExamples: reportedExamples(task.plan, dataset.numExamples),
        metrics: { loss },
      };
    } finally {
      network.dispose();
    }
  } catch (cause) {
    throw new FederationError("TRAINER_FAILED", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
