import { resolve } from "node:path";
import { z } from "zod";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import { readDataset } from "../../core/data/data-files.ts";
import { byteDataset, type HeldDataset, heldSubset } from "../../core/data/dataset.ts";
import { readIdxDataset } from "../../core/data/idx.ts";
import { permutation } from "../../core/random/random.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { openFashionMnist } from "./fashion-mnist.ts";
import type { LabData } from "./lab-data.ts";
import { openMnist } from "./mnist.ts";
import { syntheticData } from "./synthetic.ts";

/** Of a synthetic set: 4 GB. */
const MOST_VALUES = 1e9;

const count = z.int().min(1).max(10_000_000);
/** What pixels are divided by. */
const divisor = z.number().positive().max(1e6).default(255);
const idxFiles = z.strictObject({ images: z.string().min(1), labels: z.string().min(1) });

const named = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("mnist"), divisor }),
  z.strictObject({ name: z.literal("fashion-mnist"), divisor }),
  z.strictObject({ name: z.literal("idx"), train: idxFiles, test: idxFiles, divisor }),
  z.strictObject({
    name: z.literal("csv"),
    train: z.string().min(1),
    /** Without it a share `heldOut` of the table is. */
    test: z.string().min(1).optional(),
    heldOut: z.number().min(0.01).max(0.9).default(0.2),
    /** The map of its columns (core/data/csv-columns.ts). */
    columns: z.string().min(1),
  }),
  z
    .strictObject({
      name: z.literal("synthetic"),
      inputs: count.default(20),
      classes: z.int().min(2).max(1000).default(4),
      train: count.default(2000),
      test: count.default(500),
      noiseStdDev: z.number().min(0).max(100).default(0.25),
      seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
    })
    .refine(({ inputs, train, test }) => inputs * (train + test) <= MOST_VALUES, {
      error: `inputs x (train + test) is above ${MOST_VALUES}`,
    }),
]);

/** A data set as a scenario writes it: by name, or by name and settings. */
export const dataSchema = z.preprocess((it) => (typeof it === "string" ? { name: it } : it), named);

export type DataSettings = z.output<typeof named>;

/**
 * Reads a data set into memory.
 *
 * @param baseFolder that paths in the settings are relative to
 * @throws FILE_MISSING saying how to get a known one, DATA_FILE_INVALID, CONFIG_INVALID for a map of columns
 */
export async function openData(settings: DataSettings, baseFolder: string): Promise<LabData> {
  switch (settings.name) {
    case "mnist":
      return await mnist(settings.divisor);
    case "fashion-mnist":
      return await openFashionMnist(settings.divisor);
    case "idx": {
      const read = ({ images, labels }: { readonly images: string; readonly labels: string }) =>
        readIdxDataset(resolve(baseFolder, images), resolve(baseFolder, labels), settings.divisor);
      return { train: await read(settings.train), test: await read(settings.test) };
    }
    case "csv": {
      const read = (csv: string) =>
        readDataset({ csv: resolve(baseFolder, csv), columns: resolve(baseFolder, settings.columns) });
      const train = await read(settings.train);
      return settings.test === undefined ? cut(train, settings.heldOut) : { train, test: await read(settings.test) };
    }
    case "synthetic":
      return syntheticData(settings);
  }
}

async function mnist(divisor: number): Promise<LabData> {
  const { train, test } = await openMnist();
  const { images, labels } = train;
  return {
    train: byteDataset(images.values, labels.values, images.shape.slice(1), divisor),
    test: await readIdxDataset(test.images, test.labels, divisor),
  };
}

/** The same examples are held out every time, whatever order the table is sorted in. */
function cut(whole: HeldDataset, share: number): LabData {
  const order = permutation(seededRandom(sha256Bytes("holdfast held-out examples")), whole.numExamples);
  const numHeldOut = Math.ceil(share * whole.numExamples);
  return {
    train: heldSubset(whole, order.subarray(numHeldOut)),
    test: heldSubset(whole, order.subarray(0, numHeldOut)),
  };
}
