import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { aggregateFiles } from "../../coordinator/aggregation/command/aggregate-files.ts";
import { aggregateCommand } from "../../coordinator/cli-aggregate.ts";
import golden from "./aggregation.json" with { type: "json" };

const folder = mkdtempSync(join(tmpdir(), "holdfast-aggregate-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Types the command and returns the aggregate it prints. */
async function aggregateOf(rows: unknown, words: readonly string[]): Promise<readonly number[]> {
  const lines: string[] = [];
  const command = aggregateCommand(async () => ({
    aggregate: (options) => aggregateFiles(options, (line) => lines.push(line)),
    listSteps: () => Promise.reject(new Error("not asked")),
  }));
  const path = join(folder, "matrix.json");
  await writeFile(path, JSON.stringify(rows));
  await command.parseAsync(["--json", ...words, path], { from: "user" });
  return JSON.parse(lines.join("\n")).aggregate;
}

describe("published results, through the command", () => {
  const words: Readonly<Record<string, (entry: (typeof golden.entries)[number]) => readonly string[]>> = {
    Median: () => ["--rule", "Median"],
    TrMean: ({ params }) => ["--rule", "TrimmedMean", "--num-byzantine", `${params.f}`],
    Krum: ({ params }) => ["--rule", "Krum", "--num-byzantine", `${params.f}`, "--param", "neighbours=n-f-1"],
    "NNM->TrMean": ({ params }) => ["--rule", "TrimmedMean", "--pre", "NNM", "--num-byzantine", `${params.f}`],
  };
  const compared = golden.entries.filter(
    (entry) => entry.source_repo === "LPD-EPFL/byzfl" && entry.kind !== "edge_case" && entry.name in words,
  );

  test("there are some of each", () => {
    expect(new Set(compared.map(({ name }) => name))).toEqual(new Set(Object.keys(words)));
  });

  test.each(compared.map((entry) => ({ entry, title: `${entry.index} ${entry.name}` })))(
    "$title",
    async ({ entry }) => {
      const rows = entry.input as number[][];
      const aggregate = await aggregateOf(rows, words[entry.name]?.(entry) ?? []);
      const tolerance = Math.max(entry.tolerance, 1e-6 * Math.max(...rows.flat().map(Math.abs)));
      for (const [k, value] of (entry.output as number[]).entries()) {
        expect(Math.abs((aggregate[k] ?? Number.NaN) - value)).toBeLessThanOrEqual(tolerance);
      }
    },
  );
});
