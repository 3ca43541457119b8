import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openMatrix } from "./matrix-file.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-matrix-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function openJson(text: string) {
  const path = join(folder, "m.json");
  await writeFile(path, text);
  return openMatrix(path);
}

describe("a JSON matrix", () => {
  test("is an array of rows", async () => {
    const matrix = await openJson(" [[1, -2.5e3], [0, 4]]\n");
    expect(matrix).toMatchObject({ numRows: 2, numColumns: 2, float32At: undefined, schema: undefined });
    expect([...(await matrix.row(0)), ...(await matrix.row(1))]).toEqual([1, -2500, 0, 4]);
  });

  test("may be one row", async () => {
    const matrix = await openJson("[3, 4, 5]");
    expect(matrix).toMatchObject({ numRows: 1, numColumns: 3 });
    expect([...(await matrix.row(0))]).toEqual([3, 4, 5]);
  });

  test("says what is not finite as Python, JavaScript or a string would", async () => {
    const matrix = await openJson('[NaN, Infinity, -Infinity,\n"NaN", "Infinity","-Infinity", null, 1e999]');
    const { NaN: nan, POSITIVE_INFINITY: up, NEGATIVE_INFINITY: down } = Number;
    expect([...(await matrix.row(0))]).toEqual([nan, up, down, nan, up, down, nan, up]);
  });

  test.each([
    ["nothing", "", /not JSON/],
    ["no JSON", "1 2 3", /not JSON/],
    ["half of it", "[[1, 2], [3", /not JSON/],
    ["a number", "3", /not an array/],
    ["an object", '{"rows": [[1]]}', /not an array/],
    ["no rows", "[]", /no values/],
    ["an empty row", "[[], []]", /no values/],
    ["rows of different lengths", "[[1, 2], [3]]", /row 1 has 1 values, row 0 has 2/],
    ["a number among rows", "[[1, 2], 3]", /row 1 is not an array/],
    ["a row among numbers", "[3, [1, 2]]", /row 0 is not an array/],
    ["a word", '[[1, "2"]]', /row 0, value 1: "2" is not a number/],
    ["a truth value", "[[1, true]]", /true is not a number/],
    ["three dimensions", "[[[1]]]", /\[1\] is not a number/],
    ["a misspelt NaN", "[NaNN]", /not JSON/],
  ])("refused: %s", async (_, text, message) => {
    await expect(openJson(text)).rejects.toMatchObject({
      code: "TENSOR_FILE_INVALID",
      message: expect.stringMatching(message),
    });
  });
});
