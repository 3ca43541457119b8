import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { arrivals } from "../coordinator/aggregation/arrivals.ts";
import type { Engine, RowSource } from "../coordinator/aggregation/engine/engine.ts";
import { readRow } from "../coordinator/aggregation/engine/read-row.ts";
import { workerEngine } from "../coordinator/aggregation/engine/worker-engine.ts";
import { aggregate, distancePathOf, measuresOf, needsOf, pipelineOf } from "../coordinator/aggregation/pipeline.ts";
import type { NamedSettings } from "../core/plan.ts";

/**
 * One aggregation in a process of its own, so that its memory is its own. Every message from the parent is one run in so many
 * threads, over the same rows in the same places, as two processes would not have them.
 */
export interface Aggregation {
  readonly rule: NamedSettings;
  readonly preAggregators: readonly NamedSettings[];
  readonly numByzantine: number;
}

export interface ChildCase extends Aggregation {
  readonly rows: readonly Extract<RowSource, { kind: "file" }>[];
  readonly numCoordinates: number;
  readonly inMemory: boolean;
  /** Whether what the aggregation saw of each update is told as well, as in a round. */
  readonly observe?: boolean;
  /** The rows arrive so far apart, and the clock starts with the last; without it they are all there. */
  readonly arrivalMs?: number;
}

/** What the parent asks for. */
export interface Run {
  readonly numThreads: number;
  /** How often it aggregates. */
  readonly repeats: number;
}

/** Megabytes: resident before the first run, and at the peak. */
export interface Memory {
  readonly before: number;
  readonly peak: number;
}

const ROW_BUDGET_BYTES = 2 ** 29;

const given = JSON.parse(process.argv[2] ?? "{}") as ChildCase;
const { rows, numCoordinates, arrivalMs, numByzantine, rule, preAggregators } = given;
const pipeline = pipelineOf({ rule, preAggregators: [...preAggregators], numByzantine, weights: "uniform" });
const engines = new Map<number, Engine>();
const sources = given.inMemory ? loaded() : rows;
const input = {
  pipeline,
  rows: sources,
  clientIds: sources.map((_, i) => `${i}`),
  references: referencesOf(),
  memory: { vectors: new Map<string, RowSource>(), numbers: {} },
  numCoordinates,
  weights: new Float64Array(sources.length).fill(1),
  // rows of the benchmark have norms alike
  distancePath: distancePathOf(pipeline, [1]),
  seed: new Uint8Array(32),
  observe: given.observe ? "everything" : "nothing",
} as const;

async function run({ numThreads, repeats }: Run): Promise<number> {
  const engine = engineOf(numThreads);
  if (arrivalMs !== undefined) return closing(engine, arrivalMs);
  const started = performance.now();
  for (let i = 0; i < repeats; i++) await aggregate({ ...input, engine });
  return (performance.now() - started) / 1_000;
}

function engineOf(numThreads: number): Engine {
  const engine = engines.get(numThreads) ?? workerEngine({ numThreads });
  engines.set(numThreads, engine);
  return engine;
}

/** From the last arrival to the aggregate. */
async function closing(engine: Engine, everyMs: number): Promise<number> {
  const options = {
    numCoordinates,
    rowBudgetBytes: ROW_BUDGET_BYTES,
    measures: measuresOf(pipeline),
    distancePath: () => input.distancePath,
  };
  const arriving = arrivals(engine, options);
  const keys = input.clientIds;
  let started = performance.now();
  for (const [i, source] of sources.entries()) {
    if (source.kind !== "memory") throw new Error("arrivals are in memory");
    if (i > 0) await sleep(everyMs);
    started = performance.now();
    arriving.add(`${i}`, 1, async (into) => into.set(source.values));
  }
  const arrived = await arriving.rows(keys, "fast");
  if (arrived === undefined) throw new Error("the rows are larger than the budget");
  await aggregate({
    ...input,
    engine,
    rows: arrived.sources,
    ...(arrived.measured && { measured: arrived.measured }),
  });
  const seconds = (performance.now() - started) / 1_000;
  arriving.close();
  return seconds;
}

/** Where a coordinator has the rows of a round. */
function loaded(): RowSource[] {
  const room = engineOf(1).roomFor(rows.length, numCoordinates);
  return rows.map((source, i) => {
    const row = room.row(i);
    readRow(source, 0, row.values);
    return row;
  });
}

function referencesOf() {
  const needed = needsOf(pipeline.rule).references ?? [];
  const zero: RowSource = { kind: "zero" };
  return new Map(needed.map((name) => [name, name === "rootUpdate" ? (sources[0] ?? zero) : zero]));
}

function memory(field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return (Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024) / 1e6;
}

const before = memory("VmRSS");
process.on("message", (message: Run | "end") => {
  if (message === "end") {
    process.send?.({ before, peak: memory("VmHWM") } satisfies Memory, () => process.disconnect());
    for (const engine of engines.values()) void engine.close();
    return;
  }
  void run(message).then((seconds) => process.send?.({ seconds }));
});
process.send?.({ ready: true });
