import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Placed, type RowMemory, rowIn, rowMemory } from "./in-place.ts";
import type { ColumnKernel, Panel } from "./kernels.ts";
import { BLOCK_LENGTH } from "./layout.ts";
import { plainKernels } from "./plain-kernels.ts";
import { wasmKernels } from "./wasm-kernels.ts";

const { inPlace } = wasmKernels();
const BLOCK_BYTES = 4 * BLOCK_LENGTH;

function memoryFor(numRows: number, numCoordinates: number): RowMemory {
  const memory = rowMemory(randomUUID(), numRows, numCoordinates);
  if (memory === undefined) throw new Error("no memory");
  return memory;
}

/** Rows from their first block on. */
const placed = (memory: RowMemory, rows: readonly number[], firstBlock = 0): Placed => ({
  addresses: rows.map((row) => rowIn(memory, row).byteOffset + firstBlock * BLOCK_BYTES),
  numBlocks: Math.ceil(memory.numCoordinates / BLOCK_LENGTH) - firstBlock,
  numMixed: rows.length,
});

/** Everything that a panel does, from coordinate `start` on of its first block. */
function everything(panel: Panel, n: number, length: number, start: number): readonly (Float32Array | Float64Array)[] {
  const kernels: ColumnKernel[] = [
    { kernel: "median" },
    { kernel: "trimmedMean", trim: (n - 1) >> 1 },
    { kernel: "meanAroundMedian", keep: n },
    { kernel: "weightedMedian", weights: new Float64Array(n).map((_, i) => i + 1) },
  ];
  const coefficients = new Float64Array(n).map((_, i) => i - 1);
  const outside = new Float64Array(n);
  const columns = kernels.map((kernel) => {
    const into = new Float32Array(length);
    panel.columns({ start }, n, kernel, into, outside);
    return into;
  });
  const sum = new Float32Array(length);
  panel.weightedSum(start, coefficients, sum);
  const mixing = new Float64Array(n * n).map((_, k) => (k % 5) - 2);
  panel.mix(start, length, mixing, n, n);
  const mixed = new Float32Array(length);
  panel.columns("mixed", n, { kernel: "median" }, mixed);
  const [positive, negative] = [new Float64Array(n), new Float64Array(n)];
  panel.countSigns({ start }, length, positive, negative);
  const sums = (["fast", "exact"] as const).flatMap((path) => {
    const pairs = { squaredDistances: new Float64Array(n * n), innerProducts: new Float64Array(n * n) };
    panel.pairs(0, n, n >> 1, path, pairs);
    return [pairs.squaredDistances, pairs.innerProducts];
  });
  const norms = new Float64Array(n);
  panel.squaredNorms(0, "exact", norms);
  const products = new Float64Array(n);
  panel.innerProductsWith(0, panel.row(0).slice(0, BLOCK_LENGTH), products);
  return [...columns, outside, sum, mixed, positive, negative, ...sums, norms, products];
}

test("rows where they lie, any of them in any order: the bits of the plain kernels, and their memory untouched", () => {
  const cases = fc
    .record({ numRows: fc.integer({ min: 1, max: 9 }), numCoordinates: fc.integer({ min: 1, max: 2 * BLOCK_LENGTH }) })
    .chain(({ numRows, numCoordinates }) =>
      fc.record({
        numRows: fc.constant(numRows),
        numCoordinates: fc.constant(numCoordinates),
        rows: fc.shuffledSubarray([...Array(numRows).keys()], { minLength: 1 }),
        start: fc.nat(Math.floor((Math.min(numCoordinates, BLOCK_LENGTH) - 1) / 16)).map((k) => 16 * k),
        lastBlock: fc.boolean(),
      }),
    );
  const property = fc.property(cases, ({ numRows, numCoordinates, rows, start, lastBlock }) => {
    const memory = memoryFor(numRows, numCoordinates);
    const before = Array.from({ length: numRows }, (_, i) =>
      Float32Array.from({ length: numCoordinates }, (_, k) => Math.sin((i + 2) * k + i)),
    );
    for (const [i, row] of before.entries()) rowIn(memory, i).set(row);
    const firstBlock = lastBlock ? Math.ceil(numCoordinates / BLOCK_LENGTH) - 1 : 0;
    const first = firstBlock * BLOCK_LENGTH;
    const from = Math.min(start, 16 * Math.floor((numCoordinates - first - 1) / 16));
    const length = Math.min(numCoordinates - first - from, 1_000);
    const plain = plainKernels.panel({ numRows: rows.length, numBlocks: 2, numMixed: rows.length });
    for (const [i, row] of rows.entries()) plain.row(i).set((before[row] as Float32Array).subarray(first));
    const found = inPlace(memory, placed(memory, rows, firstBlock), (panel) =>
      everything(panel, rows.length, length, from),
    );
    expect(found).toEqual(everything(plain, rows.length, length, from));
    for (const [i, row] of before.entries()) expect(rowIn(memory, i)).toEqual(row);
  });
  fc.assert(property, { numRuns: 25 });
});

test("a memory grows once for each that reads at the same time, and never again", () => {
  const memory = memoryFor(3, 20);
  const size = () => memory.memory.buffer.byteLength;
  const read = (kernels = { inPlace }) => kernels.inPlace(memory, placed(memory, [0, 2]), size);
  const before = size();
  const once = read();
  expect(once).toBeGreaterThan(before);
  const elsewhere = memoryFor(5, 20);
  for (let k = 0; k < 3; k++) {
    expect(inPlace(elsewhere, placed(elsewhere, [4]), () => "read")).toBe("read");
    expect([read(), read(wasmKernels())]).toEqual([once, once]);
  }
  const twice = inPlace(memory, placed(memory, [1]), () => read());
  expect(twice).toBe(2 * Number(once) - before);
  const next = memoryFor(3, 20);
  const readNext = (kernels = { inPlace }) =>
    kernels.inPlace(next, placed(next, [0]), () => next.memory.buffer.byteLength);
  expect(readNext(wasmKernels())).toBe(readNext());
  expect(inPlace(memory, placed(memory, [1]), () => read())).toBe(twice);
});

test("what reads a region after another finds nothing of it", () => {
  const memory = memoryFor(9, 40);
  for (let i = 0; i < 9; i++) rowIn(memory, i).fill(i * i);
  const medianOf = (kernels: { inPlace: typeof inPlace }, rows: readonly number[]) =>
    kernels.inPlace(memory, placed(memory, rows), (panel) => {
      const into = new Float32Array(1);
      panel.columns({ start: 32 }, rows.length, { kernel: "median" }, into);
      return into[0];
    });
  const all = [8, 0, 7, 1, 6, 2, 5, 3, 4];
  const [one, other] = [wasmKernels(), wasmKernels()];
  for (let k = 0; k < 2; k++) {
    expect(medianOf(one, all)).toBe(16);
    expect(medianOf(other, [8, 1, 6])).toBe(36);
  }
});

test("work that fails leaves its region to the next", () => {
  const memory = memoryFor(1, 1);
  const size = () => memory.memory.buffer.byteLength;
  inPlace(memory, placed(memory, [0]), () => undefined);
  const before = size();
  const failing = () => inPlace(memory, placed(memory, [0]), () => expect.fail("as it should"));
  for (let k = 0; k < 100; k++) expect(failing).toThrow("as it should");
  expect(size()).toBe(before);
});

test("more rows or mixed rows than the memory has, or than are read in place, are left to a panel", () => {
  const memory = memoryFor(1_100, 1);
  const rows = (count: number) => new Array<number>(count).fill(0);
  const isRead = (placed: Placed, of = memory) => inPlace(of, placed, () => true) ?? false;
  expect(isRead(placed(memory, rows(1_024)))).toBe(true);
  expect(isRead(placed(memory, rows(1_025)))).toBe(false);
  const small = memoryFor(2, 1);
  expect(isRead({ ...placed(small, [0, 1]), numMixed: 3 }, small)).toBe(false);
  expect(isRead({ ...placed(small, [0, 1]), numMixed: 0 }, small)).toBe(true);
});

test("where no memory is left for the kernels, rows are left to a panel", () => {
  // a mebibyte less than all there can be
  const memory = memoryFor(3_120, 20 * BLOCK_LENGTH + 1);
  expect(inPlace(memory, placed(memory, [0]), () => true)).toBeUndefined();
});

test("beyond what WebAssembly can address there is no memory for rows", () => {
  expect(rowMemory("rows", 1_100, 1_000_000)).toBeUndefined();
});
