import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCsvDataset } from "./csv.ts";
import { csvColumnsSchema } from "./csv-columns.ts";
import { readDataset } from "./data-files.ts";

const MAP = `
label: { column: outcome, classes: [benign, malignant] }
features:
  - { column: age, min: 20, max: 120 }
  - { column: sex, oneOf: [f, m] }
  - { column: bmi, min: 10, max: 60, missing: 25 }
  - { column: smoker, oneOf: ["no", "yes"], missing: none }
`;
const HEAD = "id,age,sex,bmi,smoker,outcome\n";
const ROW = "7,70,m,35,no,benign\n";

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-csv-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(table: string, map = MAP) {
  await writeFile(at("table.csv"), table);
  await writeFile(at("columns.yaml"), map);
  return readDataset({ csv: at("table.csv"), columns: at("columns.yaml") });
}

test("worked by hand: numbers scaled, categories spread out, columns in the map's order, the rest ignored", async () => {
  const dataset = await read(`${HEAD}7,70,m,35,no,malignant\n8,20,f,,,benign\n`);
  expect(dataset).toMatchObject({ numExamples: 2, inputShape: [6], numClasses: 2 });
  const { inputs, labels } = dataset.batch(Uint32Array.of(0, 1));
  expect([...labels]).toEqual([1, 0]);
  expect([...inputs]).toEqual([0.5, 0, 1, 0.5, 1, 0, 0, 1, 0, Math.fround(0.3), 0, 0]);
});

test("the map in docs/data.md is one, of six inputs", async () => {
  const page = await readFile("docs/data.md", "utf8");
  const map = page.split("```yaml")[1]?.split("```")[0] ?? "";
  const dataset = await read("diagnosis,age,bmi,sex,smoker\nmalignant,50,,female,\n", map);
  expect([...dataset.batch(Uint32Array.of(0)).inputs]).toEqual([0.5, Math.fround(0.3), 1, 0, 0, 0]);
});

test("quotes, other delimiters, byte order marks and Windows line ends are read", async () => {
  const map = `delimiter: ";"\nlabel: { column: y, classes: ["a;b", c] }\nfeatures: [{ column: "x; 1", min: 0, max: 1 }]`;
  const dataset = await read('\uFEFF"x; 1";y\r\n 0.25 ;"a;b"\r\n\r\n1;c\r\n', map);
  expect([...dataset.labels]).toEqual([0, 1]);
  expect([...dataset.batch(Uint32Array.of(0, 1)).inputs]).toEqual([0.25, 1]);
});

test("numbers survive as float32 of the scaled double, whatever the table's order", async () => {
  const columns = csvColumnsSchema.parse({
    label: { column: "y", classes: ["0", "1", "2"] },
    features: [{ column: "x", min: -3, max: 5 }],
  });
  const row = fc.tuple(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.nat(2));
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
      await writeFile(at("numbers.csv"), ["y,x", ...rows.map(([x, y]) => `${y},${x}`)].join("\n"));
      const dataset = await readCsvDataset(at("numbers.csv"), columns);
      const { inputs, labels } = dataset.batch(Uint32Array.from(rows, (_, i) => i));
      expect([...labels]).toEqual(rows.map(([, y]) => y));
      expect([...inputs]).toEqual(rows.map(([x]) => Math.fround((x + 3) / 8)));
    }),
    { numRuns: 30 },
  );
});

describe("a table that does not fit its map is refused with path, line and column", () => {
  const refused: [string, string, string][] = [
    ["empty", "", "holds no examples"],
    ["no records", HEAD, "holds no examples"],
    ["a column missing", "age,sex,bmi,outcome\n", 'has no column "smoker"'],
    ["a column twice", "age,age,sex,bmi,smoker,outcome\n", 'has 2 columns "age"'],
    ["no number", `${HEAD}7,old,m,35,no,benign\n`, 'line 2, "age": is not a number'],
    [
      "no number, and more records after it",
      `${HEAD}7,old,m,35,no,benign\n${ROW.repeat(3_000)}`,
      'line 2, "age": is not',
    ],
    ["no number after others", `${HEAD}${ROW.repeat(3_000)}7,old,m,35,no,benign\n${ROW}`, 'line 3002, "age": is not'],
    ["infinite", `${HEAD}7,Infinity,m,35,no,benign\n`, 'line 2, "age": is not a number'],
    ["an empty cell", `${HEAD}7,,m,35,no,benign\n`, 'line 2, "age": is empty'],
    ["an unknown category", `${HEAD}7,70,x,35,no,benign\n`, 'line 2, "sex": is none of f, m'],
    ["an unknown class", `${HEAD}7,70,m,35,no,\n`, 'line 2, "outcome": is none of benign, malignant'],
    ["a cell too many", `${HEAD}7,70,m,35,no,benign,1\n`, "line 2: has more or fewer cells"],
    ["an open quote", `${HEAD}7,"70,m,35,no,benign\n`, "line 2: a quote is not closed"],
  ];
  test.each(refused)("%s", async (_, table, reason) => {
    const failing = read(table);
    await expect(failing).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
    await expect(read(table)).rejects.toThrow(`${at("table.csv")}: ${reason}`);
  });

  test("what a cell holds is not told", async () => {
    const error = await read(`${HEAD}7,Mrs Jones,m,35,no,benign\n`).catch((it: unknown) => it);
    expect(JSON.stringify([String(error), (error as Error).stack])).not.toContain("Jones");
  });
});

describe("a map that is not one is refused by line", () => {
  const refused: [string, string, string][] = [
    ["no features", "label: { column: y, classes: [a, b] }\nfeatures: []", "columns.yaml:2: features"],
    ["one class", "label: { column: y, classes: [a] }\nfeatures: [{ column: x, min: 0, max: 1 }]", "columns.yaml:1"],
    ["an unknown key", `${MAP}header: true\n`, "header: unknown key"],
    ["an empty range", MAP.replace("max: 120", "max: 20"), "must be greater than min"],
    ["a category twice", MAP.replace("[f, m]", "[f, f]"), "a value is named twice"],
  ];
  test.each(refused)("%s", async (_, map, reason) => {
    await expect(read(HEAD, map)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(read(HEAD, map)).rejects.toThrow(reason);
  });

  test("a missing file is FILE_MISSING", async () => {
    await writeFile(at("columns.yaml"), MAP);
    const [csv, columns] = [at("nowhere.csv"), at("columns.yaml")];
    await expect(readDataset({ csv, columns })).rejects.toMatchObject({ code: "FILE_MISSING" });
    await expect(readDataset({ csv, columns: at("none.yaml") })).rejects.toMatchObject({ code: "FILE_MISSING" });
  });
});
