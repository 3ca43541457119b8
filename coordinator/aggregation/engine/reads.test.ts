import fs, { readFileSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { inFolder } from "../../../core/files/faulty-files.contract.ts";
import { bytesOf } from "../../../core/tensors/digest.ts";
import { wasmKernels } from "../../../core/vector/kernels/wasm-kernels.ts";
import { normalVectors } from "../testing.ts";
import type { Engine, RowSource, Rows } from "./engine.ts";
import { inlineEngine } from "./inline-engine.ts";
import { workerEngine } from "./worker-engine.ts";

const MEBIBYTE = 1 << 20;
/** A mebibyte and 12 bytes more than two. */
const D = (2 * MEBIBYTE) / 4 + 3;

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

function filesIn(folder: string, numRows: number): Rows {
  const [values = new Float32Array()] = normalVectors(1, D, 1);
  const path = join(folder, "row");
  writeFileSync(path, bytesOf(values));
  const sources = new Array<RowSource>(numRows).fill({ kind: "file", path, offset: 0, sizeBytes: values.byteLength });
  return { sources, numCoordinates: D, signal: undefined };
}

/** Bytes of each read, one row after the other. */
const byRow = (numRows: number) =>
  Array.from({ length: numRows }, () => [MEBIBYTE, MEBIBYTE, 12])
    .flat()
    .sort();

const work = (engine: Engine, rows: Rows) =>
  engine.weightedSums(rows, [new Float64Array(rows.sources.length).fill(0.1)]);

/** The thread's program, noting how much it reads at which places of files. */
const noting = (log: string) => `
  import { register } from ${JSON.stringify(import.meta.resolve("tsx/esm/api"))};
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const read = fs.readSync;
  fs.readSync = (file, into, offset, length, position) => {
    if (typeof position === "number") fs.appendFileSync(${JSON.stringify(log)}, length + "\\n");
    return read(file, into, offset, length, position);
  };
  syncBuiltinESMExports();
  register();
  export const { run, combine, mix } = await import(${JSON.stringify(new URL("./worker.ts", import.meta.url).href)});`;

/** What the threads read while they do this. */
async function readInThreads(folder: string, act: (engine: Engine) => Promise<unknown>): Promise<number[]> {
  const log = join(folder, "log");
  const worker = join(folder, "worker.mjs");
  writeFileSync(log, "");
  writeFileSync(worker, noting(log));
  const engine = workerEngine({ numThreads: 2, worker: pathToFileURL(worker) });
  try {
    await act(engine);
  } finally {
    await engine.close();
  }
  return readFileSync(log, "utf8").trim().split("\n").map(Number).sort();
}

describe("a mebibyte of a file is read at a time, and what is left at its end", () => {
  test("by threads", () =>
    inFolder(async (folder) => {
      const rows = filesIn(folder, 4);
      expect(await readInThreads(folder, (engine) => work(engine, rows))).toEqual(byRow(4));
      expect(await readInThreads(folder, (engine) => engine.norms(rows))).toEqual(byRow(4));
    }));

  test("by threads, of more files than all of them may read at once", () =>
    inFolder(async (folder) => {
      const rows = filesIn(folder, 1);
      const sources = [...rows.sources, ...new Array<RowSource>(699).fill({ kind: "zero" })];
      const wide = { ...rows, sources, numCoordinates: MEBIBYTE / 4 };
      expect(await readInThreads(folder, (engine) => work(engine, wide))).toEqual([MEBIBYTE]);
    }));

  test("in this thread", () =>
    inFolder(async (folder) => {
      const reads = vi.spyOn(fs, "readSync");
      syncBuiltinESMExports();
      await work(inlineEngine({ kernels: wasmKernels() }), filesIn(folder, 4));
      const ofRows = reads.mock.calls
        .map((call): readonly unknown[] => call)
        .filter(([, , , , at]) => at !== undefined);
      expect(ofRows.map(([, , , length]) => length).sort()).toEqual(byRow(4));
    }));
});
