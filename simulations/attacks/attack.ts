import type { Trainer, TrainingTask, Transport } from "../../client/index.ts";
import type { SigningKey } from "../../core/crypto/sign.ts";
import type { Dataset } from "../../core/data/dataset.ts";

/**
 * An attack decorates the ports of an otherwise honest participant: the data it trains on, its trainer, its transport
 * or the road that this takes. What the adversary knows is part of its type, so that an attack cannot use more than it
 * claims to need. Each level of knowledge holds the ones before it.
 *
 * | knows      | what it may read                                                                 |
 * |------------|----------------------------------------------------------------------------------|
 * | none       | the public protocol: the task, its own messages, its own key                     |
 * | data       | its own examples, and so its own honest delta                                    |
 * | colluders  | the honest deltas of every attacker, through their coalition                     |
 * | omniscient | the deltas of the round's honest clients                                         |
 * | knows-rule | what the whole pipeline would make of any deltas                                 |
 *
 * One attack serves all attackers of a process: what they craft together is crafted once per attempt.
 */
export interface AttackKnowing<Knows extends Knowledge> {
  readonly knows: Knows;
  /** @param place among the attackers, from 0 */
  readonly dataset?: (honest: Dataset, place: number) => Dataset;
  readonly trainer?: (honest: Trainer, known: KnownTo[Knows]) => Trainer;
  readonly transport?: (honest: Transport, known: KnownTo[Knows]) => Transport;
  /** Another way to the coordinator's address, where there is a network to it at all. */
  readonly detour?: (address: string) => Promise<Detour>;
}

/** With `Insider`, the most that can be known, every attack can be carried out. */
export type Attack = { [Knows in Knowledge]: AttackKnowing<Knows> }[Knowledge];

export type Knowledge = keyof KnownTo;

export interface KnownTo {
  readonly none: Oneself;
  readonly data: Oneself;
  readonly colluders: Colluder;
  readonly omniscient: Omniscient;
  readonly "knows-rule": Insider;
}

export interface Oneself {
  /** Among the attackers, from 0. */
  readonly place: number;
  readonly signer: SigningKey;
}

/** Where colluders meet: each brings its honest delta and leaves with everyone's. */
export interface Coalition {
  /** The places of the attackers in the cohort of this attempt, in an order that is the same for all. */
  places(task: TrainingTask): readonly number[];
  /**
   * @param delta d values
   * @returns one row per attacker in the cohort, in an order that is the same for all of them
   */
  exchange(task: TrainingTask, delta: Float32Array): Promise<readonly Float32Array[]>;
}

export interface Colluder extends Oneself, Coalition {}

export interface Omniscient extends Colluder {
  /** What the honest clients of this attempt's cohort send, once all of them have trained; at least one row. */
  honest(task: TrainingTask): Promise<readonly Float32Array[]>;
  /** Whose these are, in the order of the rows. */
  honestNames(task: TrainingTask): readonly string[];
}

export interface Insider extends Omniscient {
  /**
   * What the coordinator would make of these deltas: admission's bound on norms, pre-aggregators and rule.
   * @param deltas of the honest clients in the order of `honest`, then of the attackers in the order of `places`
   * @returns d values; undefined where the pipeline could not hold with what admission leaves of them
   */
  aggregate(task: TrainingTask, deltas: readonly Float32Array[]): Promise<Float32Array | undefined>;
}

/** A stretch of network that belongs to the attacker. */
export interface Detour {
  /** Where the attacker's client is to connect. */
  readonly address: string;
  /** Of a transport that connects there, what the attack makes of it. */
  through(way: Transport): Transport;
  close(): Promise<void>;
}
