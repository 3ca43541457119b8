import { expect, test } from "vitest";
import { lastData } from "./last-data.ts";
import { dataSchema, openData } from "./settings.ts";

const small = dataSchema.parse({ name: "synthetic", inputs: 2, classes: 2, train: 4, test: 2 });
const other = dataSchema.parse({ name: "synthetic", inputs: 2, classes: 2, train: 5, test: 2 });

test("the last data stay open, for the same settings and folder; what could not be opened is tried again", async () => {
  const opened: string[] = [];
  const dataOf = lastData(async (settings, folder) => {
    opened.push(folder);
    if (folder === "missing" && opened.length < 5) throw new Error("no such file");
    return openData(settings, folder);
  });
  const first = await dataOf(small, "here");
  expect(await dataOf({ ...small }, "here")).toBe(first);
  expect(await dataOf(small, "there")).not.toBe(first);
  expect((await dataOf(other, "there")).train.numExamples).toBe(5);
  await expect(dataOf(small, "missing")).rejects.toThrow("no such file");
  expect((await dataOf(small, "missing")).train.numExamples).toBe(4);
  expect(opened).toEqual(["here", "there", "there", "missing", "missing"]);
});
