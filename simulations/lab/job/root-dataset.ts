import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { sha256Bytes } from "../../../core/crypto/sha256.ts";
import type { DataFiles } from "../../../core/data/data-files.ts";
import { type HeldDataset, heldSubset } from "../../../core/data/dataset.ts";
import { FederationError } from "../../../core/errors.ts";
import { permutation } from "../../../core/random/random.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import type { LabData } from "../../data/lab-data.ts";
import type { Cell } from "../scenario/cell.ts";
import { readsRootDataset } from "./lab-plan.ts";

/** What is left to the clients, and the examples that the coordinator has taken for itself. */
export interface Divided {
  readonly data: LabData;
  readonly root: HeldDataset | undefined;
}

/**
 * Takes the coordinator's own examples out of the training set, uniformly and by the seed (Cao et al. 2021, section VI-A),
 * before the clients share out the rest: nobody else holds them, whatever the rule, so that all rules of a grid have the
 * same clients.
 *
 * @throws PLAN_INVALID where they would be all there are
 */
export function withoutRoot({ rootDataset, seed }: Cell, data: LabData): Divided {
  if (rootDataset === undefined || !("examples" in rootDataset)) return { data, root: undefined };
  const { examples } = rootDataset;
  const { numExamples } = data.train;
  if (examples >= numExamples) {
    throw new FederationError(
      "PLAN_INVALID",
      `rootDataset: ${examples} examples of ${numExamples} leave none to clients`,
    );
  }
  const order = permutation(seededRandom(sha256Bytes(`holdfast lab root dataset ${seed}`)), numExamples);
  const [taken, left] = [order.slice(0, examples).sort(), order.slice(examples).sort()];
  return { data: { ...data, train: heldSubset(data.train, left) }, root: heldSubset(data.train, taken) };
}

/** Where the coordinator finds its examples; undefined for a rule that reads none. */
export async function rootFiles(
  cell: Cell,
  root: HeldDataset | undefined,
  { baseFolder, scratchFolder }: { readonly baseFolder: string; readonly scratchFolder: string },
): Promise<DataFiles | undefined> {
  const { rootDataset } = cell;
  if (rootDataset === undefined || !readsRootDataset(cell)) return undefined;
  if (root !== undefined) return asTable(root, scratchFolder);
  if ("examples" in rootDataset) return undefined;
  const at = (path: string) => resolve(baseFolder, path);
  if ("csv" in rootDataset) return { csv: at(rootDataset.csv), columns: at(rootDataset.columns) };
  return { images: at(rootDataset.images), labels: at(rootDataset.labels) };
}

/** A coordinator reads files only. A table holds what values a data set may have, bit for bit. */
async function asTable(dataset: HeldDataset, folder: string): Promise<DataFiles> {
  const files = { csv: join(folder, "root.csv"), columns: join(folder, "root.columns.yaml") };
  const { inputs, labels } = dataset.batch(Uint32Array.from({ length: dataset.numExamples }, (_, i) => i));
  const width = inputs.length / labels.length;
  const names = Array.from({ length: width }, (_, i) => `x${i}`);
  const lines = Array.from(labels, (label, row) =>
    [...inputs.subarray(row * width, (row + 1) * width), label].join(","),
  );
  await writeFile(files.csv, [[...names, "label"].join(","), ...lines, ""].join("\n"));
  const classes = Array.from({ length: dataset.numClasses }, (_, i) => String(i));
  const features = names.map((column) => ({ column, min: 0, max: 1 }));
  await writeFile(files.columns, stringify({ label: { column: "label", classes }, features }));
  return files;
}
