import { tfjsTrainer } from "../../../client/index.ts";
import { type Dataset, type HeldDataset, subset } from "../../../core/data/dataset.ts";
import { attackOf } from "../../attacks/registry.ts";
import type { Partition } from "../../partitions/partition.ts";
import type { Cell } from "../scenario/cell.ts";
import { attackSettingOf } from "../scenario/setting.ts";
import { sharedNetwork } from "./shared-network.ts";
import type { Span } from "./time-covered.ts";
import type { Training, TrainingData } from "./training.ts";
import { takingTurns } from "./turns.ts";

export interface Examples {
  readonly train: HeldDataset;
  /** Whose they are, one share per member. */
  readonly shares: Partition;
}

/**
 * Trains in this thread, one client after the other.
 * @param now a monotonic time in milliseconds
 * @param told of all training, in its order
 */
export function trainingHere(
  cell: Cell,
  examples: Examples,
  now: () => number,
  told: (span: Span) => void = () => undefined,
): Training {
  let busyMs = 0;
  const network = sharedNetwork(now, ([from, to]) => {
    busyMs += to - from;
    told([from, to]);
  });
  const turns = takingTurns();
  const datasetOf = datasetsOf(cell, examples);
  return {
    async trainerOf(place, data) {
      const trainer = await tfjsTrainer({ dataset: datasetOf(place, data), open: network.open, turn: network.turn });
      return {
        ...trainer,
        train: (task) =>
          turns.take(async () => {
            task.signal.throwIfAborted();
            return trainer.train(task);
          }),
      };
    },
    get busyMs() {
      return busyMs;
    },
    close: () => void turns.take(async () => network.dispose()),
  };
}

function datasetsOf(cell: Cell, { train, shares }: Examples): (place: number, data: TrainingData) => Dataset {
  const attack = cell.attack === null ? undefined : attackOf(cell.attack, attackSettingOf(cell, train.numClasses));
  const numHonest = cell.clients - cell.attackers;
  return (place, data) => {
    const own = subset(train, shares[place] ?? new Uint32Array());
    return data === "own" ? own : (attack?.dataset?.(own, place - numHonest) ?? own);
  };
}
