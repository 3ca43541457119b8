import { dirname, join, relative, resolve } from "node:path";
import { FederationError } from "../../../core/errors.ts";
import { storageError } from "../../../core/files/durable-write.ts";
import { startBackend } from "../../../core/model/backends.ts";
import { sizeOf } from "../../../core/tensors/schema.ts";
import { openData } from "../../data/settings.ts";
import type { TransportName } from "../federation/wire.ts";
import { type CellResult, hasRun } from "../job/result.ts";
import { durationText, type Estimate, estimate } from "../matrix/estimate.ts";
import { countsOf, openFinishedCells } from "../matrix/finished-cells.ts";
import { runCells } from "../matrix/run-cells.ts";
import type { CellThread } from "../matrix/threads.ts";
import { csvOf } from "../report/csv.ts";
import { dataFacts } from "../report/data-facts.ts";
import { cellText } from "../report/labels.ts";
import { reportPage } from "../report/page.ts";
import { type PngPainter, pngPainter } from "../report/png.ts";
import { type Report, reportOf, type Versions } from "../report/report.ts";
import { epsilonText } from "../report/spending.ts";
import { baselinesOf } from "../scenario/baselines.ts";
import { type Cell, cellIdOf, cellsOf } from "../scenario/cell.ts";
import { fitToData } from "../scenario/fit-to-data.ts";
import { checkTransport } from "./check-transport.ts";
import { type LabOptions, labOptions, type TypedLabOptions } from "./options.ts";
import { progressBar } from "./progress-bar.ts";
import { checkAgainstData, type Kind, type ReadGrid, readGrid } from "./read-grid.ts";
import { resumeKey } from "./resume-key.ts";
import { type LabFiles, writeTogether } from "./write-files.ts";

/** The world around a command of the lab. */
export interface LabSurroundings {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly cwd: string;
  readonly software: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly files: LabFiles;
  /** Asks the person at the terminal; undefined where nobody sits at one. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
  /** Starts a thread for cells; a test passes its own. */
  readonly start?: () => CellThread;
}

/** From here on a grid is asked about first. */
const MANY_CELLS = 200;
const LONG_SECONDS = 1_800;

/**
 * Runs a scenario or a grid to its report. Cells that an earlier run finished are not run again.
 * @throws FILE_MISSING, CONFIG_INVALID, DATA_FILE_INVALID, DISK_FULL, STORAGE_FAILED
 */
export async function runLab(path: string, kind: Kind, typed: TypedLabOptions, around: LabSurroundings): Promise<void> {
  const options = labOptions(typed, around.cwd);
  const read = await readGrid(path, kind, around.cwd);
  checkTransport(cellsOf(read.grid), options.transport);
  const paint = options.png ? await pngPainter(options.font) : undefined;
  const folder = options.out ?? resolve(around.cwd, "holdfast-lab", read.grid.name);
  const places = [folder, ...[options.json, options.csv].flatMap((copy) => (copy === undefined ? [] : dirname(copy)))];
  for (const place of places) await makeFolder(place, around.files);
  const versions = await versionsOf(around.software, options.transport);
  const lab = await openData(read.grid.data, read.baseFolder);
  const data = await dataFacts(lab, read.grid.data, read.baseFolder);
  await checkAgainstData(read, kind, path, lab.train);
  const grid = fitToData(read.grid, lab.train);
  const key = await resumeKey(read, versions, data);
  const finished = await openFinishedCells(join(folder, "cells.jsonl"), key, around.files);
  const cells = cellsOf(grid);
  const baselines = baselinesOf(cells);
  const all = [...cells, ...baselines];
  const isPending = (cell: Cell) => options.fresh || !finished.results.has(cellIdOf(cell));
  const pending = all.filter(isPending);
  if (pending.length < all.length)
    say(around, `${all.length - pending.length} of ${cellsText(all.length)} done already`);
  const size = { inputs: sizeOf(lab.train.inputShape), classes: data.numClasses };
  const expected = estimate(pending, baselines.filter(isPending).length, options.numThreads, size);
  await agreed(expected, options, around);
  const fresh = await run(pending, read, { options, around, add: finished.add });
  const resultsOf = (of: readonly Cell[]) =>
    of.flatMap((cell) => {
      const id = cellIdOf(cell);
      return fresh.find((it) => it.id === id) ?? finished.results.get(id) ?? [];
    });
  const found = { results: resultsOf(cells), baselines: resultsOf(baselines) };
  const report = reportOf({ grid, source: read.source, versions, data, ...found });
  const over = options.transport === "memory" ? "" : ` --transport ${options.transport}`;
  const command = `npx holdfast ${kind === "grid" ? "matrix" : "simulate"} ${path}${over}`;
  await writeReport(report, { command, folder, paint }, options, around);
}

/** @throws CONFIG_INVALID where somebody ought to have been asked and nobody is there */
async function agreed(expected: Estimate, { yes }: LabOptions, around: LabSurroundings): Promise<void> {
  const { numCells, numBaselines, numInfeasible, numUpdates, seconds } = expected;
  if (numCells === 0) return;
  const added = numBaselines === 0 ? "" : `, ${numBaselines} of them added for the no-attack cost`;
  const left = numInfeasible === 0 ? "" : `, ${numInfeasible} of them infeasible`;
  const size = `${cellsText(numCells)}${added}${left}; ${Math.round(numUpdates)} updates; about ${durationText(seconds)}`;
  say(around, size);
  if (yes || (numCells <= MANY_CELLS && seconds <= LONG_SECONDS)) return;
  if (around.ask === undefined) throw new FederationError("CONFIG_INVALID", `${size}: add --yes to run so much`);
  if (!(await around.ask(`Run ${size}?`))) throw new FederationError("CONFIG_INVALID", "not run");
}

interface Running {
  readonly options: LabOptions;
  readonly around: LabSurroundings;
  add(result: CellResult): Promise<void>;
}

async function run(
  cells: readonly Cell[],
  { baseFolder }: ReadGrid,
  { options, around, add }: Running,
): Promise<CellResult[]> {
  const { stderr: out, now, signal, start } = around;
  const bar = progressBar({ out, now, rounds: new Map(cells.map((cell) => [cellIdOf(cell), cell.rounds])) });
  try {
    return await runCells(cells, {
      baseFolder,
      transport: options.transport,
      numThreads: options.numThreads,
      signal,
      ...(start !== undefined && { start }),
      onRound: bar.round,
      async onResult(result) {
        await add(result);
        bar.finished(result.id, resultText(result));
      },
    });
  } finally {
    bar.end();
  }
}

function resultText(result: CellResult): string {
  if (!hasRun(result)) return `${cellText(result.cell)}: ${result.outcome}, ${result.reason}`;
  const { accuracy, attackSuccess, privacy, seconds, outcome, reason } = result;
  const success = attackSuccess === null ? "" : `, attack success ${attackSuccess.toFixed(3)}`;
  const spent = privacy === undefined ? "" : `, epsilon ${epsilonText(privacy)} at delta ${privacy.contract.delta}`;
  const end = outcome === "completed" ? "" : `, ended early: ${reason}`;
  return `${cellText(result.cell)}: accuracy ${accuracy?.toFixed(4) ?? "none"}${success}${spent} (${seconds.total.toFixed(1)} s)${end}`;
}

interface Written {
  /** That makes the same report again. */
  readonly command: string;
  readonly folder: string;
  /** Undefined where nobody asked for images. */
  readonly paint: PngPainter | undefined;
}

async function writeReport(
  report: Report,
  { command, folder, paint }: Written,
  options: LabOptions,
  around: LabSurroundings,
) {
  const json = `${JSON.stringify(report, null, 1)}\n`;
  const csv = csvOf(report);
  const { html, drawings } = await reportPage(report, command);
  const contents = new Map<string, string | Uint8Array>([
    [join(folder, "report.json"), json],
    [join(folder, "report.csv"), csv],
    [join(folder, "report.html"), html],
  ]);
  if (options.json !== undefined) contents.set(options.json, json);
  if (options.csv !== undefined) contents.set(options.csv, csv);
  if (paint !== undefined) {
    for (const { name, svg } of drawings) contents.set(join(folder, `${name}.png`), paint(svg));
  }
  await writeTogether(contents, around.files);
  const { ran, infeasible, failed } = countsOf([...report.results, ...report.baselines]);
  say(around, `${cellsText(ran)} ran, ${infeasible} infeasible, ${failed} failed`);
  if (failed > 0) {
    say(around, "the same command runs those that failed once more, and no others");
    process.exitCode = 1;
  }
  around.stdout.write(`${relative(around.cwd, join(folder, "report.html"))}\n`);
}

const cellsText = (count: number) => `${count} ${count === 1 ? "cell" : "cells"}`;

const say = ({ stderr }: LabSurroundings, line: string) => void stderr.write(`${line}\n`);

async function makeFolder(folder: string, { mkdir }: LabFiles): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw storageError(error, `cannot make ${folder}`);
  });
}

async function versionsOf(software: string, transport: TransportName): Promise<Versions> {
  const { description } = await startBackend();
  const platform = `${process.platform} ${process.arch}`;
  return { holdfast: software, node: process.version, platform, backend: description, transport };
}
