import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { aggregateCommand } from "../../cli-aggregate.ts";
import { aggregateFiles } from "./aggregate-files.ts";

export interface Answer {
  readonly rule: string;
  readonly aggregate: readonly number[];
  readonly coefficients?: readonly number[];
  readonly kept?: readonly (number | null)[];
  readonly dropped: readonly unknown[];
  readonly diagnostics?: Readonly<Record<string, readonly (number | null)[]>>;
  readonly remarks?: readonly string[];
}

export type Rows = readonly (readonly (number | string | null)[])[];

/** The last lies far from the others. */
export const ROWS = [
  [1, 2, 3],
  [1.5, 2, 3],
  [0.5, 2, 3],
  [1, 2, 4],
  [100, -100, 50],
];

/** Types the command and returns what it prints. */
export async function typed(...words: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const command = aggregateCommand(async () => ({
    aggregate: (options) => aggregateFiles(options, (line) => lines.push(line)),
    listSteps: () => Promise.reject(new Error("not asked")),
  }));
  await command.parseAsync(words, { from: "user" });
  return lines.join("\n");
}

export const answer = async (...words: readonly string[]) => JSON.parse(await typed("--json", ...words)) as Answer;

/** A folder for the files of one test file, gone after it. */
export function matrixFolder() {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-aggregate-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  return {
    at,
    async matrixFile(rows: Rows, name = "matrix.json") {
      await writeFile(at(name), JSON.stringify(rows));
      return at(name);
    },
  };
}
