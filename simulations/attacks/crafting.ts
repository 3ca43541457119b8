import type { Trainer, TrainingTask } from "../../client/index.ts";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import type { Plan } from "../../core/plan.ts";
import type { Random } from "../../core/random/random.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { bytesOf } from "../../core/tensors/digest.ts";
import type { LocalUpdate } from "../../core/update.ts";
import type { Attack, Coalition } from "./attack.ts";

/** A trainer that trains honestly and then sends another delta, of the same length, in place of the honest one. */
export function crafting(
  honest: Trainer,
  craft: (own: LocalUpdate, task: TrainingTask) => Float32Array | Promise<Float32Array>,
): Trainer {
  return replacing(honest, async (task) => {
    const own = await honest.train(task);
    return { ...own, delta: await craft(own, task) };
  });
}

/** A trainer that spares itself the training, and claims the examples that the plan's steps would have seen. */
export function inventing(honest: Trainer, invent: (task: TrainingTask) => Float32Array): Trainer {
  return replacing(honest, async (task) => {
    return { delta: invent(task), numExamples: plausibleExamples(task.plan), metrics: {} };
  });
}

export function replacing(honest: Trainer, train: Trainer["train"]): Trainer {
  return { description: honest.description, close: () => honest.close(), train };
}

function plausibleExamples({ privacy, local }: Plan): number {
  return privacy.mode === "none" ? local.steps * local.batchSize : 0;
}

/** Whose deltas a crafted one is made of: the attackers' own honest ones, or those of the honest clients. */
export type Source = "colluders" | "honest";

/** An attack in which all send the same row, made once per attempt of those deltas. */
export function collusion(
  from: Source,
  craft: (rows: readonly Float32Array[], task: TrainingTask) => Float32Array,
): Attack {
  const once = oncePerAttempt<Float32Array>();
  const made = (rows: readonly Float32Array[], task: TrainingTask) => once(task, async () => craft(rows, task));
  if (from === "honest") {
    return {
      knows: "omniscient",
      trainer: (honest, known) => crafting(honest, async (_, task) => made(await known.honest(task), task)),
    };
  }
  return {
    knows: "colluders",
    trainer: (honest, known) =>
      crafting(honest, async ({ delta }, task) => made(await known.exchange(task, delta), task)),
  };
}

/** The same row from each attacker in the cohort. */
export function fromAll(known: Coalition, task: TrainingTask, row: Float32Array): Float32Array[] {
  return known.places(task).map(() => row);
}

/** Remembers what was made for the attempt that was last asked about. */
export function oncePerAttempt<T>(): (task: TrainingTask, make: () => Promise<T>) => Promise<T> {
  let latest: { readonly attempt: string; readonly made: Promise<T> } | undefined;
  return ({ jobId, round, attempt }, make) => {
    const key = `${jobId}/${round}/${attempt}`;
    if (latest?.attempt !== key) latest = { attempt: key, made: make() };
    return latest.made;
  };
}

/** Chance that is an attacker's own in every round, and the same whenever the round is run again. */
export function ownChance({ batchSeed }: TrainingTask): Random {
  return seededRandom(sha256Bytes("attacker's chance", batchSeed));
}

/** Chance that all attackers of a round share. */
export function sharedChance({ baseModel, round }: TrainingTask): Random {
  return seededRandom(sha256Bytes(`attackers' chance ${round}`, bytesOf(baseModel)));
}
