import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import { type IdxFile, writeIdxImages, writeIdxLabels } from "../../core/data/idx.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { sizeOf } from "../../core/tensors/schema.ts";
import { type PartitionSettings, partitionOf } from "../partitions/settings.ts";

/** One client's own data on disk. */
export interface Share {
  readonly images: string;
  readonly labels: string;
  readonly numExamples: number;
}

export interface SharingOut {
  readonly partition: PartitionSettings;
  readonly seed: number;
  /** Examples that every client holds at least. */
  readonly minimum: number;
}

/** Shares a data set out: for each folder an IDX file of images and one of labels. */
export async function writeShares(
  { images, labels }: { readonly images: IdxFile; readonly labels: IdxFile },
  folders: readonly string[],
  { partition, seed, minimum }: SharingOut,
): Promise<Share[]> {
  const random = seededRandom(sha256Bytes(`holdfast demo partition ${seed}`));
  const shares = partitionOf(partition, labels.values, { numClients: folders.length, minimum }, random);
  return Promise.all(
    folders.map(async (folder, client) => {
      const examples = shares[client] ?? new Uint32Array();
      const paths = { images: join(folder, "images.idx"), labels: join(folder, "labels.idx") };
      await mkdir(folder, { recursive: true });
      await writeIdxImages(paths.images, rowsAt(images, examples), images.shape.slice(1));
      await writeIdxLabels(paths.labels, rowsAt(labels, examples));
      return { ...paths, numExamples: examples.length };
    }),
  );
}

/** The entries at these indices, one after the other. */
function rowsAt({ shape, values }: IdxFile, indices: Uint32Array): Uint8Array {
  const size = sizeOf(shape.slice(1));
  const rows = new Uint8Array(indices.length * size);
  indices.forEach((index, row) => {
    rows.set(values.subarray(index * size, (index + 1) * size), row * size);
  });
  return rows;
}
