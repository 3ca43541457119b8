import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inFolder } from "../../core/files/faulty-files.contract.ts";
import type { Digest } from "../../core/ids.ts";
import { bytesOf, payloadDigest } from "../../core/tensors/digest.ts";
import { arrivals } from "../aggregation/arrivals.ts";
import { memoryBlobStore } from "../storage/memory-blob-store.ts";
import { inThisThread } from "../testing.ts";
import { arrivedRows, type StoredRow } from "./arrived-rows.ts";
import { rowBudget } from "./row-budget.ts";
import { digestNo } from "./testing.ts";

const D = 4;
const ROW_BYTES = 4 * D;
const VALUES = Float32Array.of(1, 2, 3, 4);
const ROW = { updateId: digestNo(1), payloadSha256: payloadDigest(VALUES), norm: 1 };

/** Two rounds over one budget. */
function twoJobs(budgetRows: number) {
  const budget = rowBudget(budgetRows * ROW_BYTES);
  const open = (rowBudgetBytes: number) =>
    arrivals(inThisThread.engine, {
      numCoordinates: D,
      rowBudgetBytes,
      measures: "distances",
      distancePath: () => "fast",
    });
  const stored = { blobs: memoryBlobStore("/nowhere"), journal: { inlineBlob: () => Buffer.from(bytesOf(VALUES)) } };
  const job = () => arrivedRows({ budget, rowBytes: ROW_BYTES, open }, stored);
  return [job(), job()] as const;
}

/** Whether a round of so many clients is given room. */
async function hasRoom(rows: ReturnType<typeof arrivedRows>, cohortSize: number): Promise<boolean> {
  rows.start(cohortSize);
  rows.add(ROW, Promise.resolve());
  return (await rows.taken([ROW], "fast")).measured !== undefined;
}

test("open rounds share one budget: what does not fit whole is read when it closes", async () => {
  const [one, other] = twoJobs(5);
  expect(await hasRoom(one, 3)).toBe(true);
  expect(await hasRoom(other, 3)).toBe(false);
  expect(await hasRoom(other, 2)).toBe(true);
});

test("a round that is left gives its part back, once", async () => {
  const [one, other] = twoJobs(4);
  expect(await hasRoom(one, 3)).toBe(true);
  // a further attempt takes the place of the one before
  expect(await hasRoom(one, 4)).toBe(true);
  one.end();
  one.end();
  expect(await hasRoom(other, 5)).toBe(false);
  expect(await hasRoom(other, 4)).toBe(true);
});

describe("rows of a round that has no room", () => {
  const LONG = 20_000;
  const vectors = [1, 2, 3].map((value) => new Float32Array(LONG).fill(value));
  const rows = vectors.map((x, i) => ({ updateId: digestNo(i), payloadSha256: payloadDigest(x), norm: 1 }));
  const [first, second, third] = rows as [StoredRow, StoredRow, StoredRow];

  /** They are in files of that folder, which `read` counts. */
  async function started(folder: string) {
    for (const [i, { payloadSha256 }] of rows.entries()) {
      await writeFile(join(folder, payloadSha256), bytesOf(vectors[i] as Float32Array));
    }
    const read: string[] = [];
    const blobs = {
      ...memoryBlobStore("/nowhere"),
      async locate(digest: Digest) {
        read.push(digest);
        return { path: join(folder, digest), offset: 0, sizeBytes: 4 * LONG };
      },
    };
    const open = () => {
      throw new Error("there is no room");
    };
    const options = { budget: rowBudget(0), rowBytes: 4 * LONG, open };
    const arrived = arrivedRows(options, { blobs, journal: { inlineBlob: () => undefined } });
    arrived.start(3);
    return { arrived, read };
  }

  test("are verified as they come, each once, and are there in any order when it closes", () =>
    inFolder(async (folder) => {
      const { arrived, read } = await started(folder);
      for (const row of [second, first, second]) arrived.add(row, Promise.resolve());
      const { sources, measured } = await arrived.taken([first, second, third], "fast");
      expect(read).toEqual([second.payloadSha256, first.payloadSha256]);
      expect(sources.map((source) => source?.kind === "file" && source.path)).toEqual([
        join(folder, first.payloadSha256),
        join(folder, second.payloadSha256),
        false,
      ]);
      expect(measured).toBeUndefined();
    }));

  test("what changes between their arrival and the end is found by whoever reads them", () =>
    inFolder(async (folder) => {
      const { arrived } = await started(folder);
      for (const row of [first, second]) arrived.add(row, Promise.resolve());
      const { sources } = await arrived.taken([first, second], "fast");
      const given = { sources: sources.flatMap((it) => it ?? []), numCoordinates: LONG, signal: undefined };
      const mean = () => inThisThread.engine.weightedSums(given, [Float64Array.of(0.5, 0.5)]);
      expect((await mean())[0]?.[LONG - 1]).toBe(1.5);
      const changed = bytesOf(new Float32Array(LONG).fill(2).fill(7, -1));
      await writeFile(join(folder, second.payloadSha256), changed);
      await expect(mean()).rejects.toMatchObject({ code: "PAYLOAD_DIGEST_MISMATCH" });
    }));

  test("one that cannot be read when it comes, or was never stored, is left to the end; nothing is read once it is over", () =>
    inFolder(async (folder) => {
      const { arrived, read } = await started(folder);
      await rm(join(folder, first.payloadSha256));
      arrived.add(first, Promise.resolve());
      arrived.add(second, Promise.reject(new Error("not stored")));
      expect((await arrived.taken([first, second], "fast")).sources).toEqual([undefined, undefined]);
      let store: (value?: unknown) => void = () => undefined;
      arrived.add(third, new Promise((resolve) => (store = resolve)));
      const taken = arrived.taken([third], "fast");
      arrived.end();
      store();
      expect((await taken).sources).toEqual([undefined]);
      expect(read).toEqual([first.payloadSha256]);
    }));
});
