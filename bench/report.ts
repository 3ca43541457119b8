import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { resolve } from "node:path";

const PAGE = resolve("docs", "benchmarks.md");

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/**
 * Prints a benchmark's table and, with --write, puts it between its markers in docs/benchmarks.md; with --json, prints
 * the figures instead.
 */
export async function endOf(name: string, text: string, figures: Readonly<Record<string, unknown>>): Promise<void> {
  const where = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length };
  if (process.argv.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ benchmark: name, ...where, ...figures }, null, 2)}\n`);
    return;
  }
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
