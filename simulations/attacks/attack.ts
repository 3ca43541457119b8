import type { Trainer, TrainingTask, Transport } from "../../client/index.ts";
import type { Dataset } from "../../core/data/dataset.ts";
import type { LocalUpdate } from "../../core/update.ts";

/**
 * An attack decorates one port of an otherwise honest participant. What the adversary knows is part of its type, so
 * that an attack cannot use more than it claims to need.
 *
 * | knows     | what it may read                                              |
 * |-----------|---------------------------------------------------------------|
 * | none      | the public protocol: the task, its own messages               |
 * | data      | its own examples, and so its own honest delta                 |
 * | colluders | the honest deltas of every attacker, through their coalition  |
 */
interface KnownTo {
  readonly none: undefined;
  readonly data: undefined;
  readonly colluders: Coalition;
}

type Knowledge = keyof KnownTo;

interface AttackOn<Port extends string, Decorated, Knows extends Knowledge> {
  readonly decorates: Port;
  readonly knows: Knows;
  decorate(honest: Decorated, known: KnownTo[Knows]): Decorated;
}

export type DatasetAttack = AttackOn<"dataset", Dataset, "data">;
export type TrainerAttack<Knows extends Knowledge> = AttackOn<"trainer", Trainer, Knows>;
export type TransportAttack = AttackOn<"transport", Transport, "none">;

export type Attack =
  | DatasetAttack
  | TrainerAttack<"none">
  | TrainerAttack<"data">
  | TrainerAttack<"colluders">
  | TransportAttack;

/** Where colluders meet: each brings its honest delta and leaves with everyone's. */
export interface Coalition {
  /**
   * @param delta d values
   * @returns one row per member, in an order that is the same for all of them
   */
  exchange(task: TrainingTask, delta: Float32Array): Promise<readonly Float32Array[]>;
}

/** A trainer that trains honestly and then sends another delta, of the same length, in place of the honest one. */
export function crafting(
  honest: Trainer,
  craft: (own: LocalUpdate, task: TrainingTask) => Float32Array | Promise<Float32Array>,
): Trainer {
  return {
    description: honest.description,
    close: () => honest.close(),
    train: async (task) => {
      const own = await honest.train(task);
      return { ...own, delta: await craft(own, task) };
    },
  };
}
