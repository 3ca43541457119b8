import type { Logger } from "pino";
import { datasetDigest } from "../../core/data/idx.ts";
import { startEvaluator } from "../../core/model/evaluator.ts";
import type { Plan } from "../../core/plan.ts";
import type { Evaluation } from "./job.ts";

interface HeldOutSet {
  readonly plan: Plan;
  readonly topology: Uint8Array | undefined;
  readonly images: string;
  readonly labels: string;
  readonly log: Logger;
}

/** Evaluates committed versions in a worker. An evaluation that fails is said in the log and never ends the training. */
export function workerEvaluation({ plan, topology, images, labels, log }: HeldOutSet): Evaluation {
  const evaluator = startEvaluator({ model: plan.model, topology, images, labels });
  const fits = checkDigest(plan, images, labels);
  let underWay: Promise<void> = Promise.resolve();
  return {
    start(weights, record) {
      underWay = fits
        .then(() => evaluator.evaluate(weights))
        .then(record)
        .catch((error: unknown) => log.error({ err: error }, "the model could not be evaluated"));
    },
    idle: () => underWay,
    close: () => evaluator.close(),
  };
}

async function checkDigest(plan: Plan, images: string, labels: string): Promise<void> {
  const digest = await datasetDigest(images, labels);
  if (digest !== plan.evaluation?.datasetSha256) throw new Error(`${images} is no longer the set the plan names`);
}

export const noEvaluation: Evaluation = {
  start: () => undefined,
  idle: async () => undefined,
  close: async () => undefined,
};
