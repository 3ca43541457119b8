import type { Trainer, TrainingTask } from "../../client/index.ts";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import { norm } from "../../core/vector/norms.ts";
import type { AttackKnowing } from "./attack.ts";
import type { Backdoor } from "./backdoor.ts";
import { type Crew, replacementFactor, scaled } from "./boost.ts";
import { crafting, replacing } from "./crafting.ts";
import { pixelBackdoor } from "./pixel-backdoor.ts";

export interface Constraint {
  /**
   * Weight of the task's loss; the rest is the weight of staying near the global model. The default of 0.95 is no optimum:
   * on MNIST (the 784-64-10 network, 2 attackers of 10, 8 rounds, NormClipping of 1 before FedAvg, three seeds), weights
   * from 0.5 to 1 reached attack success of 0.02 to 0.04 on average, less than the same backdoor unscaled (0.11).
   */
  readonly alpha: number;
  /** Greatest norm of what is sent; `auto` is the strictest bound that the plan itself names. */
  readonly normBound: number | "auto";
}

/**
 * ConstrainAndScale (Bagdasaryan et al. 2020, "How to Backdoor Federated Learning", section 4.3): X is trained on alpha L_task + (1 - alpha) ||w - w_global||^2 / 2, and its
 * delta is scaled up as far as a bound on norms lets pass, and no farther than replacement asks.
 */
export function constrainAndScale(settings: Backdoor & Crew & Constraint): AttackKnowing<"data"> {
  const { alpha, normBound } = settings;
  return {
    ...pixelBackdoor(settings),
    trainer: (honest) =>
      crafting(constrained(honest, alpha), ({ delta }, task) => {
        const bound = normBound === "auto" ? boundOf(task) : normBound;
        const length = norm(delta);
        return length === 0 ? delta : scaled(delta, Math.min(replacementFactor(task, settings), bound / length));
      }),
  };
}

/**
 * The anomaly term by proximal steps (Parikh and Boyd 2014, section 4.2): after each local step w, with rate eta, is
 * drawn towards the global model by 1 / (1 + eta (1 - alpha) / alpha), the minimiser of the term and the distance from w.
 * It works over any trainer. Momentum does not last from one such step to the next: what it comes to in the long run,
 * 1 / (1 - momentum), is in the rate.
 */
function constrained(honest: Trainer, alpha: number): Trainer {
  return replacing(honest, async (task) => {
    const { steps, momentum } = task.plan.local;
    const learningRate = task.plan.local.learningRate / (1 - momentum);
    const keep = 1 / (1 + (learningRate * (1 - alpha)) / alpha);
    let update = await honest.train(oneStep(task, { from: task.baseModel, step: 0, learningRate }));
    let delta = scaled(update.delta, keep);
    for (let step = 1; step < steps; step++) {
      const from = task.baseModel.map((base, k) => base + (delta[k] as number));
      update = await honest.train(oneStep(task, { from, step, learningRate }));
      delta = delta.map((value, k) => (value + (update.delta[k] as number)) * keep);
    }
    return { ...update, delta };
  });
}

interface Step {
  readonly from: Float32Array;
  /** From 0: each takes a batch of its own. */
  readonly step: number;
  readonly learningRate: number;
}

function oneStep({ progress: _, ...task }: TrainingTask, { from, step, learningRate }: Step): TrainingTask {
  const plan = { ...task.plan, local: { ...task.plan.local, steps: 1, learningRate, momentum: 0 } };
  return { ...task, plan, baseModel: from, batchSeed: sha256Bytes(task.batchSeed, `step ${step}`) };
}

/** The norm that the plan lets through: the clip norm of central privacy or of a pre-aggregator, or admission's. */
function boundOf({ plan: { aggregation, privacy } }: TrainingTask): number {
  const clipped = aggregation.preAggregators.flatMap(({ clipNorm }) => (typeof clipNorm === "number" ? clipNorm : []));
  return Math.min(aggregation.maxNorm, privacy.mode === "central" ? privacy.clipNorm : Infinity, ...clipped);
}
