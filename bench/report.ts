import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { resolve } from "node:path";

const PAGE = resolve("docs", "benchmarks.md");

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** What this project promises, and what was found. */
export interface Gate {
  readonly what: string;
  readonly passed: boolean;
  readonly found: string;
}

/**
 * Prints a benchmark's table and, with --write, puts it between its markers in docs/benchmarks.md; with --json, prints
 * the figures instead. Where a gate was missed, the process ends with 1.
 */
export async function endOf(
  name: string,
  tables: string,
  figures: Readonly<Record<string, unknown>>,
  gates: readonly Gate[] = [],
): Promise<void> {
  if (!gates.every(({ passed }) => passed)) process.exitCode = 1;
  const where = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length };
  if (process.argv.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ benchmark: name, ...where, ...figures, gates }, null, 2)}\n`);
    return;
  }
  const verdicts = gates.map(({ what, passed, found }) => `- ${passed ? "PASS" : "FAIL"} ${what}: ${found}`).join("\n");
  const text = verdicts === "" ? tables : `${tables}\n\n${verdicts}`;
  const body = `${text}\n\nNode ${where.node}, ${where.cores} cores, ${where.cpu}.`;
  process.stdout.write(`${body}\n`);
  if (process.argv.includes("--write")) await writeBetweenMarkers(name, body);
}

async function writeBetweenMarkers(name: string, body: string): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  const [start, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [before, rest] = page.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/benchmarks.md has no markers for ${name}`);
  await writeFile(PAGE, `${before}${start}\n${body}\n${end}${after}`);
}
