import { availableParallelism } from "node:os";
import { foolsGoldCell, gatesOf, PUBLISHED, SYBILS } from "../simulations/lab/foolsgold.ts";
import { type CellResult, hasRun } from "../simulations/lab/job/result.ts";
import { runCells } from "../simulations/lab/matrix/run-cells.ts";
import { cellIdOf } from "../simulations/lab/scenario/cell.ts";
import { endOf, table } from "./report.ts";

/**
 * The published table of FoolsGold, over the deployed round code on real MNIST: accuracy and rate of 1 read as 7, ours
 * beside the published ones. `--rounds N` and `--seeds N` make it smaller than the published 3,000 rounds and 5 runs.
 */
function option(name: string, byDefault: number): number {
  const place = process.argv.indexOf(name);
  return place === -1 ? byDefault : Number(process.argv[place + 1]);
}

const rounds = option("--rounds", 3_000);
const seeds = Array.from({ length: option("--seeds", 1) }, (_, seed) => seed);
const combinations = PUBLISHED.flatMap((row) => SYBILS.map((sybils) => ({ row, sybils })));
const cells = combinations.flatMap(({ row, sybils }) => seeds.map((seed) => foolsGoldCell(row, sybils, rounds, seed)));

const started = performance.now();
let done = 0;
const results = await runCells(cells, {
  baseFolder: ".",
  transport: "memory",
  numThreads: availableParallelism(),
  signal: new AbortController().signal,
  onRound: () => undefined,
  onResult: async (result) => {
    done += 1;
    process.stderr.write(`${done} of ${cells.length}: ${textOf(result)}\n`);
  },
});

function textOf(result: CellResult): string {
  const { defence, attackers } = result.cell;
  const figures = hasRun(result) ? `${result.accuracy} ${result.attackSuccess}` : result.reason;
  return `${defence.label}, ${attackers} sybils: ${figures}`;
}

const byId = new Map(results.map((it) => [it.id, it]));
const figures = combinations.map(({ row, sybils }) => {
  const runs = seeds
    .flatMap((seed) => byId.get(cellIdOf(foolsGoldCell(row, sybils, rounds, seed))) ?? [])
    .filter(hasRun);
  const mean = (of: (run: (typeof runs)[number]) => number | null) =>
    runs.reduce((sum, run) => sum + (of(run) ?? Number.NaN), 0) / runs.length;
  const [accuracy, rate] = [mean((it) => it.accuracy), mean((it) => it.attackSuccess)];
  const [publishedAccuracy, publishedRate] = row.published[sybils];
  const gates = gatesOf(row, sybils);
  const within =
    Math.abs(accuracy - publishedAccuracy) <= gates.accuracy && Math.abs(rate - publishedRate) <= gates.rate;
  return { rule: row.label, sybils, accuracy, rate, publishedAccuracy, publishedRate, within };
});

const cellText = (it: (typeof figures)[number]) =>
  `${it.accuracy.toFixed(3)}/${it.rate.toFixed(3)} (${it.publishedAccuracy.toFixed(3)}/${it.publishedRate.toFixed(3)})${it.within ? "" : " †"}`;
const rows = PUBLISHED.map(({ label }) => [label, ...figures.filter((it) => it.rule === label).map(cellText)]);
const missed = figures.filter((it) => !it.within).length;
const minutes = (performance.now() - started) / 60_000;
const text = [
  table(["rule", ...SYBILS.map((k) => `k = ${k}`)], rows),
  "",
  `Ours (published): accuracy / rate of 1 read as 7. ${rounds} rounds, ${seeds.length} of our runs, 5 of theirs; ${missed} of ${figures.length} outside the gates (†). ${minutes.toFixed(1)} minutes.`,
].join("\n");
const gates = [
  { what: "every figure within its gate of the published one", passed: missed === 0, found: `${missed} outside` },
];
await endOf("foolsgold", text, { rounds, seeds: seeds.length, minutes, figures }, gates);
