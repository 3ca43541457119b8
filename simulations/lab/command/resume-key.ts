import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { sha256 } from "../../../core/crypto/sha256.ts";
import { FederationError } from "../../../core/errors.ts";
import { isBuiltin } from "../../../core/plan.ts";
import type { DataFacts } from "../report/data-facts.ts";
import type { Versions } from "../report/report.ts";
import type { Grid } from "../scenario/scenario.ts";
import type { ReadGrid } from "./read-grid.ts";

/**
 * What the results of an earlier run have to share with this one to be taken, besides their cells: software, backend, wire,
 * and what is in the files that cells only name.
 *
 * @throws FILE_MISSING
 */
export async function resumeKey(
  { grid, baseFolder }: ReadGrid,
  { holdfast, backend, transport }: Versions,
  { filesSha256 }: DataFacts,
): Promise<string> {
  const wire = transport === "memory" ? "" : `, over ${transport}`;
  const digests = await Promise.all(filesOf(grid).map((path) => digestOf(path, baseFolder)));
  return [`${holdfast}, ${backend}, ${filesSha256 ?? "data by name"}${wire}`, ...digests].join(", ");
}

/** Of a model's layers and of the coordinator's own examples, where a grid has files of either. */
function filesOf({ model, rootDataset }: Grid): string[] {
  return [
    ...(isBuiltin(model) ? [] : [model.layers]),
    ...Object.values(rootDataset ?? {}).filter((it) => typeof it === "string"),
  ];
}

async function digestOf(path: string, baseFolder: string): Promise<string> {
  try {
    return sha256(await readFile(resolve(baseFolder, path)));
  } catch (cause) {
    throw new FederationError("FILE_MISSING", `cannot read ${path}`, { cause });
  }
}
