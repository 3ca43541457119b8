import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkFeasible, pipelineOf } from "../coordinator/aggregation/pipeline.ts";
import { registryListing } from "../coordinator/aggregation/registry.ts";
import { isRefusal } from "../core/errors.ts";
import type { NamedSettings } from "../core/plan.ts";
import { locateNpy, npyRowOffset } from "../core/tensors/npy.ts";
import type { Aggregation, ChildCase } from "./aggregation-child.ts";
import {
  CLOSING,
  type Closing,
  closingGate,
  fits,
  GATE_SIZE,
  gatesOf,
  gigabytesPerSecond,
  page,
  type Row,
  type Size,
  type ThreadRatios,
  type Timing,
} from "./aggregation-page.ts";
import { writeMatrix } from "./matrix.ts";
import { endOf, table } from "./report.ts";
import { ours, type Peers, type Runner, startPeers } from "./runners.ts";

/**
 * Every rule over n updates of d values, with f a fifth of n, and what NumPy and torch take for the same numbers beside
 * it: each in a process of its own, one running at a time, taking turns; one thread and two share a process and its rows.
 * Updates are nearly normal and independent.
 */
const SIZES = [20, 100].flatMap((n) => [1e5, 1e6, 1e7].map((d) => ({ n, d })));
/**
 * How often things run, having run for `warmUpSeconds` before, and once at least: a coordinator closes many rounds. What is
 * compared at the size of the gates runs at least five times; at other sizes, and alone, it tells the order of things.
 */
const COMPARED = { warmUpSeconds: 2, least: 5, most: 7, enoughSeconds: 15 };
const LOOKED_AT = { warmUpSeconds: 0.5, least: 2, most: 5, enoughSeconds: 10 };
const ALONE = { warmUpSeconds: 0.5, least: 1, most: 5, enoughSeconds: 2 };
/** One thread and two, one after the other: neighbours on the machine come and go, so each pair has its own ratio. */
const ALTERNATING = { warmUpSeconds: 2, least: 31, most: 31, enoughSeconds: 0 };
/** Updates that stay in a core's cache, aggregated for about so long in a run. */
const IN_CACHE = { n: 100, d: 1_024, seconds: 0.2 };
const LARGE = { n: 100, d: 25e6 };
/** Recommended before a rule, beside every rule by itself. */
const COMPOSED = [
  ["NNM", "TrimmedMean"],
  ["ARC", "NNM", "TrimmedMean"],
  ["ARC", "NNM", "GeometricMedian"],
  ["Bucketing", "GeometricMedian"],
];

/** What stands beside a rule at sizes that fit. */
const PEERS: Readonly<Record<string, readonly string[]>> = {
  TrimmedMean: ["numpy sort, trimmed mean", "numpy transpose and sort, trimmed mean", "torch.sort, trimmed mean"],
  Median: ["numpy sort, median", "numpy transpose and sort, median", "numpy.median", "torch.median"],
  Krum: ["numpy x @ x.T", "numpy double-loop Krum", "torch.cdist"],
  FedAvg: ["memory read"],
};

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    large: { type: "boolean", default: false },
    rule: { type: "string", multiple: true },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
if (options.write && options.rule) throw new Error("only runs of all rules are written");

const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const clean = () => rmSync(folder, { recursive: true, force: true });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.once("exit", clean);
await (options.large ? large() : whole());

async function whole(): Promise<void> {
  const rows: Row[] = [];
  let versions: Peers["versions"] | undefined;
  for (const size of options.quick ? [GATE_SIZE] : SIZES) {
    const matrix = makeMatrix(size);
    const peers = fits(size) ? await startPeers("peers.py", [matrix, numByzantine(size)]) : undefined;
    versions ??= peers?.versions;
    for (const aggregation of chosen(numByzantine(size))) {
      rows.push(await measureRow(aggregation, size, matrix, peers));
    }
    await peers?.end();
    rmSync(matrix);
  }
  const closing = options.rule === undefined || options.rule.includes("Krum") ? await measureClosing() : undefined;
  const gates = [...gatesOf(rows), ...(closing === undefined ? [] : [closingGate(closing)])];
  const beside = versions === undefined ? "no Python with NumPy" : Object.entries(versions).flat().join(" ");
  const name = options.quick ? "aggregation" : "aggregation-sweep";
  await endOf(name, page(rows, closing, beside), { versions, rows, closing }, gates);
}

/** 10 GB in files, which is more than may be in memory. */
async function large(): Promise<void> {
  const free = statfsSync(folder);
  const needed = 4 * LARGE.n * LARGE.d;
  if (free.bavail * free.bsize < 1.1 * needed) throw new Error(`${needed} bytes do not fit into ${folder}`);
  const paths = Array.from({ length: LARGE.n }, (_, i) => join(folder, `${i}.npy`));
  for (const [i, path] of paths.entries()) writeMatrix(path, 1, LARGE.d, i);
  const rows: ChildCase["rows"] = paths.map((path) => ({ kind: "file", path, offset: 128, sizeBytes: 4 * LARGE.d }));
  const measured = [];
  for (const rule of options.rule ?? ["TrimmedMean", "MultiKrum"]) {
    const aggregation = { rule: { name: rule }, preAggregators: [], numByzantine: numByzantine(LARGE) };
    const child = await ours({ ...aggregation, rows, numCoordinates: LARGE.d, inMemory: false });
    const seconds = await child.inThreads(2).run();
    measured.push({ rule, seconds, peakMegabytes: (await child.end()).peak });
  }
  const gates = measured.map(({ rule, peakMegabytes }) => ({
    what: `${rule}: peak resident memory under 1 GB`,
    passed: peakMegabytes < 1_000,
    found: `${peakMegabytes.toFixed(0)} MB`,
  }));
  const lines = measured.map(({ rule, seconds, peakMegabytes }) => [
    rule,
    seconds.toFixed(1),
    gigabytesPerSecond(LARGE, seconds),
    peakMegabytes.toFixed(0),
  ]);
  const text = table(["100 updates of 25 million values", "seconds, two threads", "GB/s", "peak memory, MB"], lines);
  await endOf("aggregation-large", text, { measured }, gates);
}

function makeMatrix({ n, d }: Size): string {
  const path = join(folder, `${n}x${d}.npy`);
  writeMatrix(path, n, d);
  return path;
}

/** The rules of the registry with their examples' settings, and the recommended compositions. */
function chosen(f: number): (Aggregation & { readonly name: string })[] {
  const listing = registryListing();
  const settings = new Map(listing.map((step): [string, NamedSettings] => [step.name, step.example]));
  const named = (name: string) => settings.get(name) ?? { name };
  const rules = listing.filter((step) => step.kind === "rule").map((step) => [step.name]);
  return [...rules, ...COMPOSED]
    .filter((steps) => options.rule === undefined || options.rule.includes(steps.join("+")))
    .map((steps) => ({
      name: steps.join("+"),
      preAggregators: steps.slice(0, -1).map(named),
      rule: named(steps.at(-1) ?? ""),
      numByzantine: f,
    }));
}

async function measureRow(
  { name, ...aggregation }: Aggregation & { readonly name: string },
  size: Size,
  matrix: string,
  peers: Peers | undefined,
): Promise<Row> {
  progress(`${name}, n = ${size.n}, d = ${size.d}`);
  const { n, d } = size;
  const { rule, preAggregators, numByzantine: f } = aggregation;
  const pipeline = pipelineOf({ rule, preAggregators: [...preAggregators], numByzantine: f, weights: "uniform" });
  const refusal = checkFeasible(pipeline, n);
  if (isRefusal(refusal)) return { name, n, d, skipped: refusal.detail, peers: {} };

  const given = { ...aggregation, ...(await placed(matrix, size)) };
  const child = await ours(given);
  const beside = (PEERS[name] ?? []).flatMap((peer): [string, Runner][] => {
    const runner = peers?.peer(peer);
    return runner === undefined ? [] : [[peer, runner]];
  });
  const isGate = beside.length > 0 && n === GATE_SIZE.n && d === GATE_SIZE.d;
  const besideOthers = isGate ? COMPARED : LOOKED_AT;
  const effort = beside.length > 0 ? besideOthers : ALONE;
  const threads: [string, Runner][] = [
    ["one", child.inThreads(1)],
    ["two", child.inThreads(2)],
  ];
  const seconds = await takingTurns([...threads, ...beside], effort);
  const alternating = isGate ? await takingTurns(threads, ALTERNATING) : seconds;
  const apart = isGate ? await measureApart(aggregation) : undefined;
  const memory = await child.end();
  const timing = (of: string) => summary(seconds.get(of) ?? []);
  return {
    name,
    n,
    d,
    oneThread: timing("one"),
    twoThreads: timing("two"),
    threads: {
      ...ratios(alternating.get("one") ?? [], alternating.get("two") ?? []),
      ...(apart !== undefined && { apart }),
    },
    memory: { growth: memory.peak - memory.before, peak: memory.peak },
    peers: Object.fromEntries(beside.map(([peer]) => [peer, timing(peer)])),
  };
}

/** What two cores can do of the same work at the most: in two processes, on updates in their caches. */
async function measureApart(aggregation: Aggregation): Promise<number> {
  const matrix = makeMatrix(IN_CACHE);
  const given = { ...aggregation, ...(await placed(matrix, IN_CACHE)) };
  const children = await Promise.all([ours(given), ours(given)]);
  const once = children[0].inThreads(1);
  await warmUp(once, COMPARED.warmUpSeconds);
  const repeats = Math.ceil(IN_CACHE.seconds / (await once.run()));
  const [first, second] = children.map((child) => child.inThreads(1, repeats)) as [Runner, Runner];
  const both = { run: async () => Math.max(...(await Promise.all([first.run(), second.run()]))) };
  const seconds = await takingTurns(
    [
      ["first", first],
      ["both", both],
    ],
    ALTERNATING,
  );
  for (const child of children) await child.end();
  rmSync(matrix);
  return 2 * ratios(seconds.get("first") ?? [], seconds.get("both") ?? []).ofPairs;
}

async function placed(matrix: string, size: Size): Promise<Pick<ChildCase, "rows" | "numCoordinates" | "inMemory">> {
  const layout = await locateNpy(matrix);
  const rows = Array.from({ length: size.n }, (_, i) => ({
    kind: "file" as const,
    path: matrix,
    offset: npyRowOffset(layout, i),
    sizeBytes: 4 * size.d,
  }));
  return { rows, numCoordinates: size.d, inMemory: fits(size) };
}

/** One after the other, again and again, so that a slow minute of the machine is everybody's. */
async function takingTurns(
  runners: readonly (readonly [string, Runner])[],
  { warmUpSeconds, least, most, enoughSeconds }: typeof COMPARED,
): Promise<ReadonlyMap<string, number[]>> {
  const seconds = new Map(runners.map(([name]) => [name, [] as number[]]));
  for (const [, runner] of runners) await warmUp(runner, warmUpSeconds);
  let total = 0;
  for (let turn = 0; turn < most && (turn < least || total < enoughSeconds); turn++) {
    for (const [name, runner] of runners) {
      const took = await runner.run();
      seconds.get(name)?.push(took);
      total += took;
    }
  }
  return seconds;
}

async function warmUp(runner: Runner, seconds: number): Promise<void> {
  for (let ran = 0; ran < seconds; ) ran += await runner.run();
}

async function measureClosing(): Promise<Closing> {
  progress("closing a round");
  const matrix = makeMatrix(CLOSING);
  const aggregation = { rule: { name: "Krum" }, preAggregators: [], numByzantine: numByzantine(CLOSING) };
  const given = { ...aggregation, ...(await placed(matrix, CLOSING)), observe: true };
  const arriving = await ours({ ...given, arrivalMs: CLOSING.arrivalMs });
  const fromNothing = await ours(given);
  const runners: [string, Runner][] = [
    ["arriving", arriving.inThreads(1)],
    ["from nothing", fromNothing.inThreads(1)],
  ];
  const seconds = await takingTurns(runners, COMPARED);
  await arriving.end();
  await fromNothing.end();
  rmSync(matrix);
  return {
    afterLastArrival: summary(seconds.get("arriving") ?? []),
    fromNothing: summary(seconds.get("from nothing") ?? []),
  };
}

function summary(seconds: readonly number[]): Timing {
  const sorted = [...seconds].sort((a, b) => a - b);
  return { best: sorted[0] ?? Number.NaN, median: sorted[sorted.length >> 1] ?? Number.NaN };
}

function ratios(one: readonly number[], two: readonly number[]): ThreadRatios {
  const ofPairs = one.map((seconds, i) => seconds / (two[i] ?? Number.NaN));
  return { ofBest: summary(one).best / summary(two).best, ofPairs: summary(ofPairs).median };
}

function numByzantine({ n }: Size): number {
  return n / 5;
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
