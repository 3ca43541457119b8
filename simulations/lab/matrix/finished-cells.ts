import nodeFiles from "node:fs/promises";
import { z } from "zod";
import { storageError } from "../../../core/files/durable-write.ts";
import { type CellResult, hasRun, resultOutline } from "../job/result.ts";

/** Results on disk, one JSON line each, so that a run that was interrupted goes on from the cells that are finished. */
export interface FinishedCells {
  readonly results: ReadonlyMap<string, CellResult>;
  /** @throws DISK_FULL, STORAGE_FAILED */
  add(result: CellResult): Promise<void>;
}

/**
 * Lines of another software version are not taken: what they say might not come again. A line that a crash cut short is
 * no result, and a cell that failed is run again.
 */
export async function openFinishedCells(
  path: string,
  software: string,
  files: Pick<typeof nodeFiles, "appendFile" | "readFile"> = nodeFiles,
): Promise<FinishedCells> {
  const results = new Map<string, CellResult>();
  const text = await files.readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw storageError(error, `cannot read ${path}`);
  });
  for (const line of text.split("\n")) {
    const entry = entryIn(line);
    if (entry?.software === software && entry.result.outcome !== "failed") results.set(entry.result.id, entry.result);
  }
  const needsNewline = text !== "" && !text.endsWith("\n");
  let prefix = needsNewline ? "\n" : "";
  return {
    results,
    async add(result) {
      const line = `${prefix}${JSON.stringify({ software, result } satisfies Entry)}\n`;
      prefix = "";
      await files.appendFile(path, line).catch((error: unknown) => {
        throw storageError(
          error,
          `cannot write ${path}; the cells before this one are kept, so the same command goes on`,
        );
      });
    },
  };
}

interface Entry {
  readonly software: string;
  readonly result: CellResult;
}

const entryOutline = z.looseObject({ software: z.string(), result: resultOutline });

function entryIn(line: string): Entry | undefined {
  try {
    return entryOutline.parse(JSON.parse(line)) as unknown as Entry;
  } catch {
    return undefined;
  }
}

/** Results of a grid that ran, of those that did not: for a summary. */
export function countsOf(results: readonly CellResult[]) {
  const count = (outcome: CellResult["outcome"]) => results.filter((it) => it.outcome === outcome).length;
  return { ran: results.filter(hasRun).length, infeasible: count("infeasible"), failed: count("failed") };
}
