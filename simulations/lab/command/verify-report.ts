import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { parseJson } from "../../../core/bundle.ts";
import { canonicalJson } from "../../../core/crypto/canonical-json.ts";
import { FederationError } from "../../../core/errors.ts";
import { startBackend } from "../../../core/model/backends.ts";
import { openData } from "../../data/settings.ts";
import { type DataShape, whyInfeasible } from "../job/lab-plan.ts";
import { type CellNotRun, type CellResult, type CellRun, hasRun, resultOutline } from "../job/result.ts";
import { runCells } from "../matrix/run-cells.ts";
import { dataFacts } from "../report/data-facts.ts";
import { cellText } from "../report/labels.ts";
import { REPORT_FORMAT, type Report, reportDigest, type Versions } from "../report/report.ts";
import { baselinesOf } from "../scenario/baselines.ts";
import { type Cell, cellIdOf, cellsOf } from "../scenario/cell.ts";
import { fitToData } from "../scenario/fit-to-data.ts";
import { gridSchema } from "../scenario/scenario.ts";
import { checkTransport } from "./check-transport.ts";
import { transportOf } from "./options.ts";
import { gridOf } from "./read-grid.ts";
import type { LabSurroundings } from "./run-lab.ts";

export interface TypedVerifyOptions {
  /** A cell's id; the one with the least work by default. */
  readonly cell?: string;
  /** The report's own by default. */
  readonly transport?: string;
}

/**
 * Checks a report by its digest, its cells by the grid they claim to be of, those that are said to be infeasible by starting
 * them again, and one of those that ran by running it again. Of the others it says how many they are.
 *
 * @param scenario the file the report claims to be of, which paths of data are relative to; without it, the report is
 * @throws REPORT_UNVERIFIED saying what differs; FILE_MISSING, CONFIG_INVALID
 */
export async function verifyReport(
  path: string,
  { cell: wanted, transport: typed }: TypedVerifyOptions,
  around: LabSurroundings,
  scenario?: string,
): Promise<void> {
  const report = await readReport(resolve(around.cwd, path), path);
  if (scenario !== undefined && (await readText(resolve(around.cwd, scenario), scenario)) !== report.source) {
    throw unverified(`it is not of ${scenario} as that file is now`);
  }
  if (reportDigest(report) !== report.sha256) throw unverified("its figures are not those its digest stands for");
  checkCells(report);
  const baseFolder = dirname(resolve(around.cwd, scenario ?? path));
  const shape = await checkedData(report, baseFolder).catch((error: unknown) => {
    if (scenario !== undefined || !(error instanceof FederationError) || error.code !== "FILE_MISSING") throw error;
    const hint = "its paths are relative to its scenario: name that before --verify";
    throw new FederationError("FILE_MISSING", `${error.message}; ${hint}`, { cause: error });
  });
  checkSource(report, shape);
  const claimed = chosen(report, wanted);
  const transport = transportOf(typed ?? report.versions.transport ?? "memory");
  checkTransport([claimed.cell], transport);
  const { mode } = claimed.cell.privacy;
  if (mode === "local" || mode === "example") {
    throw unverified(
      `under privacy.mode ${mode} clients draw from the system's generator, so no cell runs the same again`,
    );
  }
  await tellBackend(report.versions, around);
  const refused = [...report.results, ...report.baselines].filter(({ outcome }) => outcome === "infeasible");
  await checkInfeasible(refused as readonly CellNotRun[], { baseFolder, transport }, around);
  around.stderr.write(`running again: ${cellText(claimed.cell)}\n`);
  const [again] = await runAgain([claimed.cell], { baseFolder, transport }, around);
  if (again === undefined || !hasRun(again)) throw unverified(`cell ${claimed.id} does not run: ${again?.reason}`);
  compare(claimed, again);
  around.stdout.write(
    `verified: cell ${claimed.id} gives the same ${claimed.rounds.length} models, the last ${again.modelSha256}\n`,
  );
  around.stdout.write(`${uncheckedText(report)}\n`);
}

type Where = Pick<Parameters<typeof runCells>[1], "baseFolder" | "transport">;

async function runAgain(cells: readonly Cell[], where: Where, { signal, start }: LabSurroundings, onRound = noRound) {
  const run = { ...where, numThreads: 1, signal, ...(start !== undefined && { start }) };
  return runCells(cells, { ...run, onRound, onResult: async () => undefined });
}

const noRound = (_id: string): void => undefined;

/** What a plan says is enough to refuse some; others are refused when they start, and would be found out by their first round. */
async function checkInfeasible(refused: readonly CellNotRun[], where: Where, around: LabSurroundings): Promise<void> {
  const lie = new AbortController();
  const signal = AbortSignal.any([around.signal, lie.signal]);
  const unexpected = (id: string) => lie.abort(unverified(`cell ${id} is said to be infeasible, and runs`));
  const toStart = refused.filter(({ cell }) => whyInfeasible(cell) === undefined).map(({ cell }) => cell);
  const started = toStart.length === 0 ? [] : await runAgain(toStart, where, { ...around, signal }, unexpected);
  const reasons = new Map(started.map((it) => [it.id, it.outcome === "infeasible" ? it.reason : it.outcome]));
  for (const { id, cell, reason } of refused) {
    const found = whyInfeasible(cell)?.detail ?? reasons.get(id);
    if (found !== reason) throw unverified(`cell ${id} is said to be infeasible (${reason}), and now: ${found}`);
  }
}

function uncheckedText({ results, baselines }: Report): string {
  const all = [...results, ...baselines];
  const numbers = { ran: all.filter(hasRun).length - 1, failed: 0, infeasible: 0 };
  for (const { outcome } of all) if (outcome === "failed" || outcome === "infeasible") numbers[outcome] += 1;
  const { ran, failed, infeasible } = numbers;
  const again = infeasible === 0 ? "" : `${infeasible} infeasible ones are so again; `;
  if (ran + failed === 0) return `${again}no cell is taken at its word`;
  return `${again}taken at their word: ${ran} that ran (--cell ID runs one of them again), ${failed} that failed`;
}

/** What may make other bits of the same cell, said before it is run. */
async function tellBackend(made: Versions, { stderr }: LabSurroundings): Promise<void> {
  const { description } = await startBackend();
  if (description !== made.backend) {
    stderr.write(`the report was made with ${made.backend}, this is ${description}: bits may differ\n`);
  }
}

/** What people read in a report is its source; what ran is its grid, with the model's shape from the data. */
function checkSource({ source, grid }: Report, shape: DataShape): void {
  if (plain(fitToData(gridOf(source, "its source"), shape)) !== plain(gridSchema.parse(grid))) {
    throw unverified("its grid is not that of the source it shows");
  }
}

function checkCells({ grid, results, baselines }: Report): void {
  const cells = cellsOf(grid);
  checkList(results, cells);
  checkList(baselines, baselinesOf(cells));
}

function checkList(results: readonly CellResult[], cells: readonly Cell[]): void {
  const expected = new Set(cells.map(cellIdOf));
  for (const { id, cell, outcome } of results) {
    if (cellIdOf(cell) !== id || !expected.delete(id))
      throw unverified(`cell ${id} is not one of its grid, or twice there`);
    if (whyInfeasible(cell) !== undefined && outcome !== "infeasible") throw unverified(`cell ${id} cannot have run`);
  }
  if (expected.size > 0) throw unverified(`it lacks ${expected.size} cells of its grid`);
}

function chosen({ results, baselines }: Report, wanted: string | undefined): CellRun {
  const runs = [...results, ...baselines].filter(hasRun);
  if (wanted !== undefined) {
    const found = runs.find((it) => it.id === wanted);
    if (found === undefined) throw new FederationError("CONFIG_INVALID", `no cell ${wanted} that ran; see report.csv`);
    return found;
  }
  const [least] = runs.toSorted((a, b) => a.seconds.total - b.seconds.total);
  if (least === undefined) throw unverified("none of its cells ran");
  return least;
}

function compare(claimed: CellRun, again: CellRun): void {
  const [told, found] = [findingsOf(claimed), findingsOf(again)];
  const other = Object.keys({ ...told, ...found }).filter((key) => plain(told[key]) !== plain(found[key]));
  if (other.length === 0) return;
  if (claimed.versionsSha256 === again.versionsSha256) {
    throw unverified(`cell ${claimed.id} gives the same models, but other figures: ${other.join(", ")}`);
  }
  const round = claimed.rounds.find((it, i) => it.accuracy !== again.rounds[i]?.accuracy)?.round;
  const where = round === undefined ? "" : `; the accuracies differ from round ${round} on`;
  throw unverified(`cell ${claimed.id} ends in model ${again.modelSha256}, not ${claimed.modelSha256}${where}`);
}

/**
 * All that is said of a cell but the time it took. Of Equivocation, whose second update may find its round closed, what
 * was found against clients may differ.
 */
function findingsOf({ seconds: _, ...run }: CellRun): Readonly<Record<string, unknown>> {
  if (run.cell.attack?.name !== "Equivocation") return run;
  const { clients: __, rounds, ...found } = run;
  return { ...found, rounds: rounds.map(({ round, accuracy, loss }) => ({ round, accuracy, loss })) };
}

const plain = (value: unknown) => canonicalJson(JSON.parse(JSON.stringify(value ?? null)));

async function readReport(absolute: string, path: string): Promise<Report> {
  const text = await readText(absolute, path);
  parseJson(text, outline, path);
  return JSON.parse(text) as Report;
}

/** As much of a report as has to be there before its digest can be asked about. */
const outline = z.looseObject({
  format: z.literal(REPORT_FORMAT),
  source: z.string(),
  grid: gridSchema,
  data: z.looseObject({ numClasses: z.int() }),
  versions: z.looseObject({ backend: z.string(), transport: z.string().optional() }),
  results: z.array(resultOutline),
  baselines: z.array(resultOutline),
});

/** The digest of a report stands for its data as well, and these can be another file by now. */
async function checkedData({ grid, data }: Report, baseFolder: string): Promise<DataShape> {
  const lab = await openData(grid.data, baseFolder);
  const facts = await dataFacts(lab, grid.data, baseFolder);
  if (canonicalJson(facts) !== canonicalJson(data)) throw unverified("the data are not those it was made with");
  return lab.train;
}

const readText = (absolute: string, path: string): Promise<string> =>
  readFile(absolute, "utf8").catch((cause: unknown) => {
    throw new FederationError("FILE_MISSING", `cannot read ${path}`, { cause });
  });

const unverified = (detail: string) => new FederationError("REPORT_UNVERIFIED", detail);
