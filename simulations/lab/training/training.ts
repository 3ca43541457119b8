import type { Trainer } from "../../../client/index.ts";
import type { Cell } from "../scenario/cell.ts";

/** Where the clients of one federation train, as many as there are on few networks. */
export interface Training {
  /** @param place among the members, attackers last */
  trainerOf(place: number, data: TrainingData): Promise<Trainer>;
  /** Time so far in which at least one client trained, from its base model to its delta. */
  readonly busyMs: number;
  /** Lets go of the network, after whoever trains or waits for its turn. */
  close(): void;
}

/** A member's share as it is, or what the attack makes of it; the same where the attack leaves data alone. */
export type TrainingData = "own" | "poisoned";

/** Threads that train for one federation after another. Each opens the data for itself. */
export interface TrainingThreads {
  /** @param baseFolder that paths in the cell are relative to */
  open(cell: Cell, baseFolder: string): Promise<Training>;
  stop(): Promise<void>;
}
