import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../../core/tensors/digest.ts";
import { locateNpy, npyHeader, readNpyRow, writeNpy } from "../../../core/tensors/npy.ts";
import { writeSafetensors } from "../../../core/tensors/safetensors.ts";
import { answer, matrixFolder, ROWS, typed } from "./testing.ts";

const { at, matrixFile } = matrixFolder();

describe("the JSON answer", () => {
  test("holds what was done, and no key more", async () => {
    expect(await answer("--rule", "Krum", "--num-byzantine", "1", await matrixFile(ROWS))).toEqual({
      rule: "Krum",
      preAggregators: [],
      numUpdates: 5,
      numCoordinates: 3,
      aggregate: [1, 2, 3],
      coefficients: [1, 0, 0, 0, 0],
      dropped: [],
    });
  });

  test("has no coefficients where the rule works column by column, and figures where they are asked for", async () => {
    const words = ["--rule", "TrimmedMean", "--num-byzantine", "1", "--pre", "NNM", "--diagnostics"];
    const { coefficients, diagnostics = {}, ...rest } = await answer(...words, await matrixFile(ROWS));
    expect(coefficients).toBeUndefined();
    expect(rest).toMatchObject({ rule: "TrimmedMean", preAggregators: ["NNM"] });
    expect(diagnostics["norm"]).toHaveLength(5);
    expect(diagnostics["inDegree"]?.at(-1)).toBe(0);
  });

  test("has every value of an aggregate of many lines", async () => {
    const values = Float32Array.from({ length: 10_000 }, (_, i) => i / 3);
    await writeNpy(at("long.npy"), values);
    const { aggregate } = await answer("--rule", "FedAvg", at("long.npy"));
    expect(Float32Array.from(aggregate)).toEqual(values);
  });
});

describe("files", () => {
  const words = ["--rule", "TrimmedMean", "--num-byzantine", "1"];

  /** The same numbers in every form that is read. */
  async function forms(): Promise<Readonly<Record<string, readonly string[]>>> {
    const single = ROWS.map((row) => Float32Array.from(row));
    const names = (ending: string) => ROWS.map((_, i) => at(`row-${i}.${ending}`));
    for (const [i, values] of single.entries()) {
      await writeNpy(at(`row-${i}.npy`), values);
      await writeSafetensors(at(`row-${i}.safetensors`), [{ name: "a", shape: [3] }], values);
      await writeFile(at(`row-${i}.json`), JSON.stringify([...values]));
    }
    const matrix = Buffer.concat(single.map(bytesOf));
    await writeFile(at("f4.npy"), Buffer.concat([npyHeader([5, 3]), matrix]));
    const doubles = Buffer.concat(ROWS.map((row) => new Uint8Array(Float64Array.from(row).buffer)));
    const header = Buffer.from(npyHeader([5, 3]));
    header.write("<f8", header.indexOf("<f4"));
    await writeFile(at("f8.npy"), Buffer.concat([header, doubles]));
    return {
      "one .json": [await matrixFile(ROWS)],
      "one .npy of float32": [at("f4.npy")],
      "one .npy of float64": [at("f8.npy")],
      "five .npy": names("npy"),
      "five .json": names("json"),
      "five .safetensors": names("safetensors"),
      "files of several formats": [at("row-0.json"), at("row-1.npy"), ...names("safetensors").slice(2)],
    };
  }

  test("of any form give the same bits", async () => {
    const { aggregate } = await answer(...words, await matrixFile(ROWS));
    expect(aggregate).toEqual([Math.fround(3.5 / 3), 2, Math.fround(10 / 3)]);
    for (const [form, files] of Object.entries(await forms())) {
      expect((await answer(...words, ...files)).aggregate, form).toEqual(aggregate);
    }
  });

  test("one update, one value: the rule gives it back", async () => {
    for (const rule of ["FedAvg", "Median", "TrimmedMean"]) {
      expect((await answer("--rule", rule, await matrixFile([[-2.5]]))).aggregate).toEqual([-2.5]);
    }
  });

  test("--output writes the aggregate for NumPy", async () => {
    const text = await typed(...words, "--output", at("out.npy"), await matrixFile(ROWS));
    expect(text).toMatch(/^TrimmedMean, f = 1: 5 updates of 3 values$/m);
    const layout = await locateNpy(at("out.npy"));
    expect([...(await readNpyRow(layout, 0))]).toEqual([Math.fround(3.5 / 3), 2, Math.fround(10 / 3)]);
    expect(await readFile(at("out.npy"))).toHaveLength(128 + 12);
  });
});

describe("updates that are not finite", () => {
  test("are dropped and reported, and the rest is what it is without them", async () => {
    const [first = [], ...others] = ROWS;
    const broken = [first, [null, 0, 0], ...others, ["NaN", 0, 0], [0, "Infinity", 0], ["-Infinity", 0, 0]];
    const words = ["--rule", "Krum", "--num-byzantine", "1", "--diagnostics"];
    const clean = await answer(...words, await matrixFile(ROWS));
    const { dropped, ...rest } = await answer(...words, await matrixFile(broken, "broken.json"));
    expect({ ...rest, dropped: [] }).toEqual(clean);
    const file = at("broken.json");
    expect(dropped).toEqual([1, 6, 7, 8].map((row) => ({ row, file, reason: "NOT_FINITE" })));
  });

  test("are told by their file where each has its own", async () => {
    for (const [i, value] of [1, Number.NaN, 3].entries()) await writeNpy(at(`${i}.npy`), Float32Array.of(value));
    const files = [0, 1, 2].map((i) => at(`${i}.npy`));
    const { aggregate, dropped } = await answer("--rule", "FedAvg", ...files);
    expect(aggregate).toEqual([2]);
    expect(dropped).toEqual([{ row: 1, file: at("1.npy"), reason: "NOT_FINITE" }]);
    expect(await typed("--rule", "FedAvg", ...files)).toContain(`dropped: update 1 (${at("1.npy")})`);
  });

  test("include what Python writes without quotes, and what float32 cannot hold", async () => {
    await writeFile(
      at("python.json"),
      "[[1.0, 2.0], [NaN, 0.0], [-Infinity, Infinity], [1e39, 0], [1e400, 0], [3, 4]]",
    );
    const { aggregate, dropped } = await answer("--rule", "FedAvg", at("python.json"));
    expect(aggregate).toEqual([2, 3]);
    expect(dropped).toHaveLength(4);
  });

  test("count as absent: what is left has to be enough for the rule", async () => {
    const rows = [...ROWS.slice(1), [null, 0, 0]];
    await expect(answer("--rule", "Krum", "--num-byzantine", "1", await matrixFile(rows))).rejects.toMatchObject({
      code: "INFEASIBLE_RULE",
      message: expect.stringContaining("it would get 4"),
    });
    await expect(answer("--rule", "FedAvg", await matrixFile([[null]]))).rejects.toMatchObject({
      code: "INFEASIBLE_RULE",
    });
  });

  test("take their weights with them", async () => {
    const rows = [
      [0, 0],
      [null, 0],
      [4, 8],
    ];
    const weights = await matrixFile([[3, 1000, 1]], "weights.json");
    const { aggregate, coefficients } = await answer("--rule", "FedAvg", "--weights", weights, await matrixFile(rows));
    expect(aggregate).toEqual([1, 2]);
    expect(coefficients).toEqual([0.75, 0.25]);
  });
});

describe("the same bits", () => {
  const words = ["--rule", "MultiKrum", "--num-byzantine", "2", "--pre", "Bucketing", "--param", "size=1"];

  test("from one and two threads, and from the same seed", async () => {
    const rows = Array.from({ length: 9 }, (_, i) => Array.from({ length: 40 }, (_, k) => Math.sin(7 * i + k)));
    const file = await matrixFile(rows);
    const { aggregate } = await answer(...words, "--threads", "1", file);
    for (const threads of ["1", "2"]) {
      expect((await answer(...words, "--threads", threads, file)).aggregate).toEqual(aggregate);
    }
  });
});

describe("for people", () => {
  test("a long aggregate is cut short, and every update has its share", async () => {
    const rows = ROWS.map((row) => [...row, ...row, ...row, ...row]);
    const text = await typed("--rule", "Krum", "--num-byzantine", "1", await matrixFile(rows));
    expect(text).toContain("aggregate: 1  2  3  1  2  3  1  2  ... (12 values)");
    expect(text).toMatch(/matrix\.json\[0\] +1$/m);
    expect(text).toMatch(/matrix\.json\[4\] +0$/m);
  });

  test("a column rule says how much of each update it kept", async () => {
    const text = await typed("--rule", "TrimmedMean", "--num-byzantine", "1", await matrixFile(ROWS));
    expect(text).toMatch(/^update +kept$/m);
    expect(text).toMatch(/matrix\.json\[0\] +1$/m);
    expect(text).toMatch(/matrix\.json\[4\] +0$/m);
  });

  test.each([
    // the middle of the first coordinate is 1, of the second 2, of the third 3
    ["Median", ROWS, [1, "0.66667", "0.66667", "0.66667", 0]],
    ["WeightedMedian", ROWS, [1, "0.66667", "0.66667", "0.66667", 0]],
    // of 1, 2, 4, 5 the middle two are 2 and 4
    ["Median", [[1], [2], [4], [5]], [0, 1, 1, 0]],
    // 0 to 4, 30 and 100: picks 0 to 4, whose median 2 has 1 and 3 nearest
    ["Bulyan", [[0], [1], [2], [3], [4], [30], [100]], [0, 1, 1, 1, 0, 0, 0]],
  ])("%s says in how many of its coordinates it kept each update", async (rule, rows, kept) => {
    const words = ["--rule", rule, "--num-byzantine", "1", await matrixFile(rows)];
    expect((await answer(...words)).kept?.map((share) => share && Number(share.toPrecision(5)))).toEqual(
      kept.map(Number),
    );
    const text = await typed(...words);
    expect(text).toMatch(/^update +kept$/m);
    for (const [i, part] of kept.entries()) expect(text).toMatch(new RegExp(`matrix\\.json\\[${i}\\] +${part}$`, "m"));
  });

  test("--diagnostics has a column for each figure", async () => {
    const text = await typed("--rule", "Krum", "--num-byzantine", "1", "--diagnostics", await matrixFile(ROWS));
    expect(text).toMatch(/^update +norm +normRatio +cosine +krumScore +krumRank +coefficient$/m);
  });
});
