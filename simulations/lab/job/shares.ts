import { sha256Bytes } from "../../../core/crypto/sha256.ts";
import type { HeldDataset } from "../../../core/data/dataset.ts";
import { FederationError } from "../../../core/errors.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import type { Partition } from "../../partitions/partition.ts";
import { partitionOf } from "../../partitions/settings.ts";
import type { Cell } from "../scenario/cell.ts";

/**
 * Who holds which training examples, honest clients first. Attackers hold a share like everybody, or all examples of
 * one class where the scenario says so; then the honest clients share the whole set out among themselves.
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
    const held = Uint32Array.from(labels.keys()).filter((index) => labels[index] === attackersHold.label);
    return [...shares, ...Array.from({ length: attackers }, () => held)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FederationError("PLAN_INVALID", `the data cannot be shared out: ${error.message}`, { cause: error });
  }
}
