import { expect, test } from "vitest";
import { bytesOf, payloadDigest } from "../../core/tensors/digest.ts";
import { arrivals } from "../aggregation/arrivals.ts";
import { memoryBlobStore } from "../storage/memory-blob-store.ts";
import { inThisThread } from "../testing.ts";
import { arrivedRows } from "./arrived-rows.ts";
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
  return (await rows.taken([ROW], "fast")) !== undefined;
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
