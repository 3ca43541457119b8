import { availableParallelism } from "node:os";
import { workerEngine } from "../coordinator/aggregation/engine/worker-engine.ts";
import { type AggregationInput, aggregate } from "../coordinator/aggregation/pipeline.ts";
import { ruleOf } from "../coordinator/aggregation/registry.ts";
import type { NoiseLevel } from "../coordinator/privacy/mechanisms/noise.ts";
import { NoiseAhead } from "../coordinator/privacy/mechanisms/noise-ahead.ts";
import { noiseThreads } from "../coordinator/privacy/mechanisms/noise-threads.ts";
import { aggregateNoise, type PrivateRound } from "../coordinator/privacy/mechanisms/round-noise.ts";
import { release } from "../coordinator/privacy/release.ts";
import { asJobId, ZERO_DIGEST } from "../core/ids.ts";
import type { CentralPrivacy } from "../core/plan-privacy.ts";
import { gaussian } from "../core/random/gaussian.ts";
import { secureRandom } from "../core/random/secure.ts";
import { seededRandom } from "../core/random/seeded.ts";
import { endOf, table } from "./report.ts";

/**
 * What central privacy adds to closing a round of 10 updates of a million values: clipping, and sums on the grid where the
 * level is production, and the noise, made while the clients trained or when it is asked for. Beside it, the same round
 * without privacy. Medians of rounds that take turns.
 */
const NUM_CLIENTS = 10;
const NUM_COORDINATES = 1_000_000;
const ROUNDS = 9;
const CLIP_NORM = 1;
const numThreads = Math.min(2, availableParallelism());

const engine = workerEngine({ numThreads });
const source = noiseThreads({ numThreads });
const draw = gaussian(seededRandom(new Uint8Array(32)));
const rows = Array.from({ length: NUM_CLIENTS }, () => {
  const values = new Float32Array(new SharedArrayBuffer(NUM_COORDINATES * Float32Array.BYTES_PER_ELEMENT));
  return values.map(() => draw() / 1_000);
});

function inputFor(rule: string): Omit<AggregationInput, "observe"> {
  return {
    engine,
    pipeline: { rule: ruleOf({ name: rule }, rule === "FedAvg" ? 0 : 2), preAggregators: [] },
    rows: rows.map((values) => ({ kind: "memory", values })),
    clientIds: rows.map((_, i) => `client ${i}`),
    references: new Map(),
    memory: { vectors: new Map(), numbers: {} },
    numCoordinates: NUM_COORDINATES,
    weights: new Float64Array(NUM_CLIENTS).fill(1),
    distancePath: "exact",
    seed: new Uint8Array(32),
  };
}

function roundOf(rule: string, level: NoiseLevel, round: number): PrivateRound {
  const privacy: CentralPrivacy = {
    mode: "central",
    clipNorm: CLIP_NORM,
    noiseMultiplier: 1,
    delta: 1e-5,
    maxEpsilon: 100,
    adjacency: "zero-out",
    onAbsence: "zero",
    level,
  };
  return {
    privacy,
    rule: inputFor(rule).pipeline.rule,
    clipNorm: CLIP_NORM,
    cohortSize: NUM_CLIENTS,
    numCoordinates: NUM_COORDINATES,
    attempt: { jobId: asJobId("0".repeat(32)), round, attempt: 0, nonce: ZERO_DIGEST },
    treeNonces: [],
    noiseMaster: secureRandom.bytes(32),
  };
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function privately(rule: string, level: NoiseLevel, round: number, isAhead: boolean): Promise<number> {
  const made: Promise<Float64Array>[] = [];
  const noise = new NoiseAhead({
    ...source,
    make: (spec) => {
      const vector = source.make(spec);
      made.push(vector);
      return vector;
    },
  });
  const input = { round: roundOf(rule, level, round), aggregation: inputFor(rule), noise, charge: async () => 0 };
  if (isAhead) {
    noise.prepare(aggregateNoise(input.round, 0));
    // the clients train for longer than this takes
    await Promise.all(made);
  }
  return milliseconds(() => release(input));
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

const CASES = ["FedAvg", "TrimmedMean"].flatMap((rule) =>
  (["research", "production"] as const).map((level) => ({ rule, level, plain: [], ahead: [], now: [] })),
) as { rule: string; level: NoiseLevel; plain: number[]; ahead: number[]; now: number[] }[];

for (let round = 0; round <= ROUNDS; round++) {
  for (const { rule, level, plain, ahead, now } of CASES) {
    const times = [
      await milliseconds(() => aggregate({ ...inputFor(rule), observe: "nothing" })),
      await privately(rule, level, round, true),
      await privately(rule, level, round, false),
    ] as const;
    // the first starts the threads
    if (round === 0) continue;
    plain.push(times[0]);
    ahead.push(times[1]);
    now.push(times[2]);
  }
}
await Promise.all([engine.close(), source.close()]);

const figures = CASES.map(({ rule, level, plain, ahead, now }) => ({
  rule,
  level,
  withoutPrivacyMs: median(plain),
  addedAheadMs: median(ahead) - median(plain),
  addedNowMs: median(now) - median(plain),
}));
const lines = figures.map(({ rule, level, withoutPrivacyMs, addedAheadMs, addedNowMs }) => [
  rule,
  level,
  ...[withoutPrivacyMs, addedAheadMs, addedNowMs].map((ms) => ms.toFixed(0)),
]);
const head = [
  "10 x 1,000,000",
  "level",
  "without privacy, ms",
  "added, noise made ahead, ms",
  "added, noise made now, ms",
];

/** Of the exact level, whatever the rule. */
function verdict(what: string, atMostMs: number, found: (figure: (typeof figures)[number]) => number): string {
  const worst = Math.max(...figures.filter(({ level }) => level === "production").map(found));
  return `- ${worst <= atMostMs ? "PASS" : "FAIL"} production, noise made ${what}: at most ${atMostMs} ms: ${worst.toFixed(0)} ms`;
}

const verdicts = [
  verdict("ahead", 300, ({ addedAheadMs }) => addedAheadMs),
  verdict("now", 1_000, ({ addedNowMs }) => addedNowMs),
].join("\n");
await endOf("noise", `${table(head, lines)}\n\n${verdicts}\n\n${numThreads} threads.`, { numThreads, figures });
