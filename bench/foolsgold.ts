import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { readGrid } from "../simulations/lab/command/read-grid.ts";
import { type CellResult, type CellRun, hasRun } from "../simulations/lab/job/result.ts";
import { runCells } from "../simulations/lab/matrix/run-cells.ts";
import { cellText } from "../simulations/lab/report/labels.ts";
import { cellsOf } from "../simulations/lab/scenario/cell.ts";
import { PUBLISHED_FOOLSGOLD, type PublishedSybils } from "./published-foolsgold.ts";
import { endOf, table } from "./report.ts";

/**
 * The published table of FoolsGold beside ours: runs simulations/scenarios/foolsgold.yaml, over the deployed round code on
 * real MNIST. `--rounds N` and `--seeds N` make it smaller or larger than the file says.
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string" },
    seeds: { type: "string" },
    json: { type: "boolean" },
    write: { type: "boolean" },
  },
});

const SCENARIO = "simulations/scenarios/foolsgold.yaml";
const { grid, baseFolder } = await readGrid(SCENARIO, "grid", ".");
const rounds = Number(options.rounds ?? grid.rounds);
const seeds = Array.from({ length: Number(options.seeds ?? grid.seeds.length) }, (_, seed) => seed);
const cells = cellsOf({ ...grid, rounds, seeds, evaluation: { everyRounds: rounds } });

const started = performance.now();
let done = 0;
const results = await runCells(cells, {
  baseFolder,
  transport: "memory",
  numThreads: availableParallelism(),
  signal: new AbortController().signal,
  onRound: () => undefined,
  onResult: async (result) => {
    done += 1;
    process.stderr.write(`${done} of ${cells.length}: ${cellText(result.cell)}: ${figuresOf(result)}\n`);
  },
});

function figuresOf(result: CellResult): string {
  return hasRun(result) ? `${result.accuracy} ${result.attackSuccess}` : result.reason;
}

/** How far from the published figures a reproduction may lie. */
function gatesOf(rule: string, sybils: number): { readonly accuracy: number; readonly rate: number } {
  return { accuracy: rule === "trim 0.2" && sybils === 0 ? 0.045 : 0.03, rate: sybils === 1 ? 0.12 : 0.02 };
}

function figureOf(
  rule: string,
  sybils: PublishedSybils,
  [publishedAccuracy, publishedRate]: readonly [number, number],
) {
  const runs = results
    .filter(hasRun)
    .filter(({ cell }) => cell.defence.label === rule && cell.attackers === sybils)
    .toSorted((a, b) => a.cell.seed - b.cell.seed);
  const mean = (of: (run: CellRun) => number | null) =>
    runs.reduce((sum, run) => sum + (of(run) ?? Number.NaN), 0) / runs.length;
  const [accuracy, rate] = [mean((it) => it.accuracy), mean((it) => it.attackSuccess)];
  const gates = gatesOf(rule, sybils);
  const within =
    Math.abs(accuracy - publishedAccuracy) <= gates.accuracy && Math.abs(rate - publishedRate) <= gates.rate;
  return { rule, sybils, accuracy, rate, publishedAccuracy, publishedRate, within };
}

const figures = PUBLISHED_FOOLSGOLD.flatMap(({ rule, published }) =>
  published.map(([sybils, accuracy, rate]) => figureOf(rule, sybils, [accuracy, rate])),
);
const inTable = (it: (typeof figures)[number]) =>
  `${it.accuracy.toFixed(3)}/${it.rate.toFixed(3)} (${it.publishedAccuracy.toFixed(3)}/${it.publishedRate.toFixed(3)})${it.within ? "" : " †"}`;
const rows = PUBLISHED_FOOLSGOLD.map(({ rule }) => [rule, ...figures.filter((it) => it.rule === rule).map(inTable)]);
const missed = figures.filter((it) => !it.within).length;
const minutes = (performance.now() - started) / 60_000;
const numbers = [...new Set(figures.map((it) => `k = ${it.sybils}`))];
const text = [
  table(["rule", ...numbers], rows),
  "",
  `Ours (published): accuracy / rate of 1 read as 7. ${rounds} rounds, ${seeds.length} of our runs, 5 of theirs; ${missed} of ${figures.length} outside the gates (†). ${minutes.toFixed(1)} minutes.`,
].join("\n");
const gates = [
  { what: "every figure within its gate of the published one", passed: missed === 0, found: `${missed} outside` },
];
await endOf("foolsgold", text, { rounds, seeds: seeds.length, minutes, figures }, gates);
