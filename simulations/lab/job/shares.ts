import { sha256Bytes } from "../../../core/crypto/sha256.ts";
import type { HeldDataset } from "../../../core/data/dataset.ts";
import { FederationError } from "../../../core/errors.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import type { Partition } from "../../partitions/partition.ts";
import { partitionOf } from "../../partitions/settings.ts";
import type { Cell } from "../scenario/cell.ts";

/**
 * Who holds which training examples, honest clients first. Attackers hold a share like everybody, which nobody honest
 * holds then. Where the scenario says so, the honest clients share out the whole set among themselves, and attackers hold
 * copies of their shares, or all examples of one class.
 *
 * @throws PLAN_INVALID where there are too few examples
 */
export function sharesOf(cell: Cell, { labels }: Pick<HeldDataset, "labels">): Partition {
  const { partition, seed, clients, attackers, attackersHold } = cell;
  const numSharing = attackersHold === undefined ? clients : clients - attackers;
  const random = seededRandom(sha256Bytes(`holdfast lab partition ${seed}`));
  try {
    const shares = partitionOf(partition, labels, { numClients: numSharing, minimum: 1 }, random);
    if (attackersHold === undefined) return shares;
    const held = attackersHold === "copies" ? shares : [examplesOf(attackersHold.label, labels)];
    return [...shares, ...Array.from({ length: attackers }, (_, i) => held[i % held.length] as Uint32Array)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FederationError("PLAN_INVALID", `the data cannot be shared out: ${error.message}`, { cause: error });
  }
}

function examplesOf(label: number, labels: HeldDataset["labels"]): Uint32Array {
  return Uint32Array.from(labels.keys()).filter((index) => labels[index] === label);
}
