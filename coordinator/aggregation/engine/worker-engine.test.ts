import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { inFolder } from "../../../core/files/faulty-files.contract.ts";
import type { Engine, Rows } from "./engine.ts";
import { workerEngine } from "./worker-engine.ts";

const LARGE = 600_000;
const NOWHERE = new URL("file:///nowhere/worker.js");

const rowsOf = (numRows: number, numCoordinates: number, signal?: AbortSignal): Rows => ({
  sources: Array.from({ length: numRows }, (_, i) => ({
    kind: "memory",
    values: new Float32Array(new SharedArrayBuffer(4 * numCoordinates)).fill(i),
  })),
  numCoordinates,
  signal,
});

const meanOf = async (engine: Engine, rows: Rows) =>
  (await engine.weightedSums(rows, [new Float64Array(rows.sources.length).fill(1 / rows.sources.length)]))[0];

async function withEngine(act: (engine: Engine) => Promise<void>, worker?: URL): Promise<void> {
  const engine = workerEngine({ numThreads: 2, ...(worker !== undefined && { worker }) });
  try {
    await act(engine);
  } finally {
    await engine.close();
  }
}

describe("an engine with threads", () => {
  test("does small work without starting one", () =>
    withEngine(async (engine) => {
      expect((await meanOf(engine, rowsOf(3, 1_000)))?.[999]).toBe(1);
      await expect(meanOf(engine, rowsOf(5, LARGE))).rejects.toMatchObject({
        code: "AGGREGATION_FAILED",
        message: expect.stringMatching(/nowhere/),
      });
    }, NOWHERE));

  test("what a thread refuses has the same code as here", () =>
    withEngine(async (engine) => {
      const rows = rowsOf(5, LARGE);
      const last = rows.sources[4];
      if (last?.kind === "memory") last.values[LARGE - 1] = Number.NaN;
      await expect(meanOf(engine, rows)).rejects.toMatchObject({ code: "NOT_FINITE" });
      const gone = { kind: "file", path: "/nowhere", offset: 0, sizeBytes: 4 * LARGE } as const;
      const attempt = meanOf(engine, { ...rows, sources: rows.sources.map(() => gone) });
      await expect(attempt).rejects.toMatchObject({
        code: "STORAGE_FAILED",
        message: expect.stringMatching("/nowhere"),
      });
      // and goes on working
      expect((await meanOf(engine, rowsOf(5, LARGE)))?.[LARGE - 1]).toBe(2);
    }));

  test("a thread that dies is an error, and the next work finds new ones", () =>
    inFolder(async (folder) => {
      const path = join(folder, "worker.mjs");
      writeFileSync(
        path,
        `export function run({ task }) {
          if (task.coefficients[0][0] === 13) process.exit(7);
          return { result: { sums: [], values: [] } };
        }`,
      );
      await withEngine(async (engine) => {
        const rows = rowsOf(5, LARGE);
        for (let time = 0; time < 2; time++) {
          const deadly = engine.weightedSums(rows, [Float64Array.of(13, 1, 1, 1, 1)]);
          await expect(deadly).rejects.toMatchObject({
            code: "AGGREGATION_FAILED",
            message: expect.stringMatching(/thread/),
          });
        }
        expect(await meanOf(engine, rows)).toHaveLength(LARGE);
      }, pathToFileURL(path));
    }));

  test("an abort ends the work with its reason", () =>
    withEngine(async (engine) => {
      const stop = new AbortController();
      const running = meanOf(engine, rowsOf(5, LARGE, stop.signal));
      stop.abort(new Error("shutting down"));
      await expect(running).rejects.toThrow("shutting down");
    }));

  test("closed, it ends what is under way and takes nothing more", () =>
    withEngine(async (engine) => {
      const running = meanOf(engine, rowsOf(5, LARGE));
      const ended = expect(running).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
      await new Promise((resolve) => setTimeout(resolve, 5));
      await engine.close();
      await ended;
      await expect(meanOf(engine, rowsOf(5, LARGE))).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
    }));

  test("keeps no process alive once its work is done", async () => {
    const program = `
      import { workerEngine } from ${JSON.stringify(new URL("./worker-engine.ts", import.meta.url).href)};
      const values = new Float32Array(new SharedArrayBuffer(4 * ${4 * LARGE})).fill(2);
      const rows = { sources: [{ kind: "memory", values }], numCoordinates: values.length, signal: undefined };
      const [sum] = await workerEngine({ numThreads: 2 }).weightedSums(rows, [Float64Array.of(0.5)]);
      process.stdout.write(String(sum[sum.length - 1]));`;
    const options = ["--import", "tsx", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, options, { timeout: 9_000 });
    expect(stdout).toBe("1");
  });
});

test("a row alone is what its sum would be: -0 becomes 0, denormals stay, what is not finite is refused", () =>
  withEngine(async (engine) => {
    const row = Float32Array.of(-0, 1e-45, -3e38, 2);
    const alone = (values: Float32Array) =>
      engine.weightedSums({ sources: [{ kind: "memory", values }], numCoordinates: 4, signal: undefined }, [
        Float64Array.of(1),
      ]);
    expect(await alone(row)).toEqual([Float32Array.of(0, 1e-45, -3e38, 2)]);
    await expect(alone(row.with(2, Number.NaN))).rejects.toMatchObject({ code: "NOT_FINITE" });
    await expect(alone(row.with(2, Number.NEGATIVE_INFINITY))).rejects.toMatchObject({ code: "NOT_FINITE" });
  }));

test("the memory of a closed room serves the next of its length and of no more rows, and of nobody else", () =>
  withEngine(async (engine) => {
    const LENGTH = 1_000_001;
    const first = engine.roomFor(3, LENGTH);
    const memory = first.row(0).memory;
    expect(engine.roomFor(3, LENGTH).row(0).memory).not.toBe(memory);
    first.close();
    expect(engine.roomFor(4, LENGTH).row(0).memory).not.toBe(memory);
    expect(engine.roomFor(3, LENGTH - 1).row(0).memory).not.toBe(memory);
    expect(engine.roomFor(2, LENGTH).row(0).memory).toBe(memory);
    expect(engine.roomFor(2, LENGTH).row(0).memory).not.toBe(memory);
  }));

test("a memory that serves again, for fewer rows or as many, has grown once for its thread and holds theirs alone", async () => {
  const LENGTH = 400_001;
  const engine = workerEngine({ numThreads: 1 });
  const sizes: number[] = [];
  try {
    for (const numRows of [9, 6, 7]) {
      const room = engine.roomFor(numRows, LENGTH);
      const sources = Array.from({ length: numRows }, (_, i) => room.row(i));
      for (const [i, { values }] of sources.entries()) values.fill(10 * numRows + i);
      const mean = await meanOf(engine, { sources, numCoordinates: LENGTH, signal: undefined });
      expect(new Set(mean)).toEqual(new Set([10 * numRows + (numRows - 1) / 2]));
      sizes.push(sources[0]?.memory?.memory.buffer.byteLength ?? 0);
      room.close();
    }
  } finally {
    await engine.close();
  }
  expect(new Set(sizes).size).toBe(1);
  expect(sizes[0]).toBeGreaterThan(4 * 9 * LENGTH);
});

test("threads read in regions of one another's, which they may not have seen grow", async () => {
  const engine = workerEngine({ numThreads: 3 });
  try {
    for (let k = 0; k < 100; k++) {
      const numRows = 5 + (k % 40);
      const numCoordinates = Math.ceil(2_200_000 / numRows);
      const room = engine.roomFor(numRows, numCoordinates);
      const sources = Array.from({ length: numRows }, (_, i) => room.row(i));
      for (const [i, { values }] of sources.entries()) values[numCoordinates - 1] = i;
      const rows: Rows = { sources, numCoordinates, signal: undefined };
      const means = await Promise.all([meanOf(engine, rows), meanOf(engine, rows)]);
      for (const mean of means) expect(mean?.at(-1)).toBeCloseTo((numRows - 1) / 2, 5);
      room.close();
    }
  } finally {
    await engine.close();
  }
});
