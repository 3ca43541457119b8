import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../../core/crypto/sha256.ts";
import { inFolder } from "../../../core/files/faulty-files.contract.ts";
import { bytesOf } from "../../../core/tensors/digest.ts";
import { BLOCK_LENGTH } from "../../../core/vector/kernels/layout.ts";
import { plainKernels } from "../../../core/vector/kernels/plain-kernels.ts";
import { wasmKernels } from "../../../core/vector/kernels/wasm-kernels.ts";
import { normalVectors, sourceOf } from "../testing.ts";
import type { Columns, Engine, RowSource, Rows } from "./engine.ts";
import { inlineEngine } from "./inline-engine.ts";
import { workerEngine } from "./worker-engine.ts";

const NUM_ROWS = 8;
/** Enough for threads to take it, and not a multiple of anything. */
const NUM_COORDINATES = 16 * BLOCK_LENGTH + 7;

const VECTORS = normalVectors(2, NUM_COORDINATES, 1).flatMap((x) =>
  [1, -0.3, 7, 100].map((scale) => x.map((value, k) => scale * value + (k % 11))),
);
const rowsOf = (sources: readonly RowSource[]): Rows => ({
  sources,
  numCoordinates: NUM_COORDINATES,
  signal: undefined,
});

const weights = Float64Array.from({ length: NUM_ROWS }, (_, i) => (i === 2 ? 0 : Math.sin(i + 1)));
const others = weights.map((weight) => 1 - weight);
const mixing = {
  numOutputs: 5,
  numRows: NUM_ROWS + 1,
  values: Float64Array.from({ length: 5 * (NUM_ROWS + 1) }, (_, k) => (k % (NUM_ROWS + 1) === 0 ? 0 : Math.cos(k))),
};
const vector = VECTORS[1] as Float32Array;
const coordinates = Uint32Array.of(0, 5, BLOCK_LENGTH, 3 * BLOCK_LENGTH - 1, NUM_COORDINATES - 1);

/** Every method, and what it gives as one array after the other. */
const METHODS: Readonly<Record<string, (engine: Engine, rows: Rows) => Promise<readonly ArrayBufferView[]>>> = {
  async "distances on the fast path"(engine, rows) {
    const sums = await engine.pairs(rows, { path: "fast", innerProducts: false });
    return [sums.squaredDistances, sums.innerProducts];
  },
  async "both matrices on the exact path"(engine, rows) {
    const sums = await engine.pairs(rows, { path: "exact", innerProducts: true });
    return [sums.squaredDistances, sums.innerProducts];
  },
  async "pairs with later rows"(engine, rows) {
    const sums = await engine.pairs(rows, { path: "fast", innerProducts: true, firstRow: 5 });
    return [sums.squaredDistances, sums.innerProducts];
  },
  async "distances from the last row"(engine, rows) {
    const sums = await engine.pairs(rows, { path: "exact", innerProducts: false, firstRow: 7 });
    return [sums.squaredDistances, sums.innerProducts];
  },
  "a row alone": (engine, rows) => engine.weightedSums(rows, [Float64Array.from(weights, (_, i) => (i === 3 ? 1 : 0))]),
  "weighted sums": (engine, rows) => engine.weightedSums(rows, [weights, others]),
  "sums on a grid": async (engine, rows) => [await engine.gridSums(rows, { stepsPerUnit: 2 ** 20, trim: 2 })],
  "squared norms of sums": async (engine, rows) => [await engine.squaredNorms(rows, [weights, others])],
  async "medians and what lies outside"(engine, rows) {
    const kernel = { kernel: "trimmedMean", trim: 2 } as const;
    return seen(await engine.columns(rows, { mixing: undefined, kernel, observe: true }));
  },
  async "medians of mixed rows"(engine, rows) {
    const kernel = { kernel: "median" } as const;
    return [(await engine.columns(rows, { mixing, kernel, observe: false })).values];
  },
  async "medians of mixed rows, and how the rows compare with them"(engine, rows) {
    return seen(await engine.columns(rows, { mixing, kernel: { kernel: "median" }, observe: true }));
  },
  async "medians of the first rows, compared with all"(engine, rows) {
    const options = { mixing: undefined, kernel: { kernel: "median" }, numPicked: 5, observe: true } as const;
    return seen(await engine.columns(rows, options));
  },
  async "norms, and distances from the last rows only"(engine, rows) {
    const sums = await engine.pairs(rows, {
      path: "fast",
      innerProducts: false,
      firstRow: NUM_ROWS - 1,
      allNorms: true,
    });
    return [sums.squaredDistances, sums.innerProducts];
  },
  async "norms alone"(engine, rows) {
    const options = { path: "exact", innerProducts: true, firstRow: NUM_ROWS, allNorms: true } as const;
    return [(await engine.pairs(rows, options)).innerProducts];
  },
  async "inner products with a vector"(engine, rows) {
    const { values, squaredNorms, squaredNormOfVector } = await engine.innerProductsWith(rows, vector);
    return [values, squaredNorms, Float64Array.of(squaredNormOfVector)];
  },
  async "signs of mixed rows"(engine, rows) {
    const { positive, zero, negative } = await engine.signCounts(rows, mixing);
    return [positive, zero, negative];
  },
  "a sample": async (engine, rows) => [await engine.sample(rows, coordinates)],
  norms: async (engine, rows) => [await engine.norms(rows)],
};

function seen({ values, observed }: Columns): readonly ArrayBufferView[] {
  if (observed === undefined) throw new Error("nothing was observed");
  const { outside, products } = observed;
  return [values, outside, products.values, products.squaredNorms, Float64Array.of(products.squaredNormOfVector)];
}

const bitsOf = (arrays: readonly ArrayBufferView[]) =>
  arrays.map(({ buffer, byteOffset, byteLength }) => sha256(new Uint8Array(buffer, byteOffset, byteLength)));

const shared = (values: Float32Array) => {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
};

const ENGINES: Readonly<Record<string, Engine>> = {
  "in this thread": inlineEngine({ kernels: wasmKernels() }),
  "in one thread": workerEngine({ numThreads: 1 }),
  "in two threads": workerEngine({ numThreads: 2 }),
  "in three threads": workerEngine({ numThreads: 3 }),
};

afterAll(() => Promise.all(Object.values(ENGINES).map((engine) => engine.close())));

test.each(["fast", "exact"] as const)("sums of blocks are added in ascending order on the %s path", async (path) => {
  const panel = plainKernels.panel({ numRows: 2, numBlocks: 1, numMixed: 0 });
  const [a, b] = [VECTORS[0] as Float32Array, VECTORS[7] as Float32Array];
  let expected = 0;
  for (let start = 0; start < NUM_COORDINATES; start += BLOCK_LENGTH) {
    for (const [i, row] of [a, b].entries())
      panel
        .row(i)
        .fill(0)
        .set(row.subarray(start, start + BLOCK_LENGTH));
    const squaredDistances = new Float64Array(4);
    panel.pairs(0, 2, 0, path, { squaredDistances, squaredNorms: new Float64Array(2) });
    expected += squaredDistances[1] as number;
  }
  for (const engine of Object.values(ENGINES)) {
    const sums = await engine.pairs(rowsOf([a, b].map(sourceOf)), { path, innerProducts: false });
    expect(sums.squaredDistances[1]).toBe(expected);
  }
});

describe.each(Object.entries(METHODS))("%s", (_, of) => {
  let expected: readonly string[];

  beforeAll(async () => {
    expected = bitsOf(await of(inlineEngine({ kernels: plainKernels }), rowsOf(VECTORS.map(sourceOf))));
  });

  test.each(Object.entries(ENGINES))(
    "%s: the bits of the plain kernels, from memory, from files and from its own room",
    (_, engine) =>
      inFolder(async (folder) => {
        const files = VECTORS.map((values, i): RowSource => {
          const path = join(folder, `${i}`);
          writeFileSync(path, Buffer.concat([Buffer.alloc(i), bytesOf(values)]));
          return { kind: "file", path, offset: i, sizeBytes: values.byteLength };
        });
        expect(bitsOf(await of(engine, rowsOf(files)))).toEqual(expected);
        const memory = VECTORS.map((values, i) => sourceOf(i % 2 === 0 ? shared(values) : values));
        expect(bitsOf(await of(engine, rowsOf(memory)))).toEqual(expected);
        const room = engine.roomFor(NUM_ROWS, NUM_COORDINATES);
        const inRoom = VECTORS.map((_, i) => room.row((3 * i) % NUM_ROWS));
        for (const [i, { values }] of inRoom.entries()) values.set(VECTORS[i] as Float32Array);
        expect(bitsOf(await of(engine, rowsOf(inRoom)))).toEqual(expected);
      }),
  );
});
