import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { npyHeader } from "../../../core/tensors/npy.ts";
import { writeSafetensors } from "../../../core/tensors/safetensors.ts";
import { answer, matrixFolder, ROWS, type Rows, typed } from "./testing.ts";

const { at, matrixFile } = matrixFolder();

describe("refused, with its code:", () => {
  const refusals: [string, () => Promise<readonly string[]>, string, RegExp][] = [
    ["an unknown rule", async () => ["--rule", "Kurm", await matrixFile(ROWS)], "RULE_UNKNOWN", /did you mean Krum/],
    [
      "an unknown pre-aggregator",
      async () => ["--rule", "Median", "--pre", "NMM", await matrixFile(ROWS)],
      "RULE_UNKNOWN",
      /did you mean NNM/,
    ],
    [
      "too many attackers",
      async () => ["--rule", "Krum", "--num-byzantine", "2", await matrixFile(ROWS)],
      "INFEASIBLE_RULE",
      /Krum needs/,
    ],
    [
      "an aggregate beyond float32",
      async () => [
        "--json",
        "--rule",
        "FoolsGold",
        await matrixFile([
          [3e38, 3e38],
          [3e38, -3e38],
        ]),
      ],
      "NOT_FINITE",
      /the sum of 2 rows is beyond float32/,
    ],
    [
      "more updates than can be compared in pairs",
      async () => ["--rule", "Krum", await matrixFile(Array.from({ length: 4097 }, (_, i) => [i]))],
      "PANEL_TOO_LARGE",
      /Krum compares updates in pairs, at most 4096 of them; it would get 4097/,
    ],
    ["a missing file", async () => ["--rule", "Median", at("none.json")], "FILE_MISSING", /none\.json/],
    ["a file of an unknown kind", async () => ["--rule", "Median", at("a.csv")], "CONFIG_INVALID", /\.npy/],
    [
      "weights for a rule that takes none",
      async () => ["--rule", "Krum", "--weights", await matrixFile(ROWS), await matrixFile(ROWS)],
      "PLAN_INVALID",
      /uniform weights/,
    ],
    [
      "files of different lengths",
      async () => ["--rule", "Median", await matrixFile([[1]], "a.json"), await matrixFile([[1, 2]], "b.json")],
      "SCHEMA_MISMATCH",
      /b\.json has 2 values/,
    ],
    [
      "two matrices",
      async () => ["--rule", "Median", await matrixFile(ROWS, "a.json"), await matrixFile(ROWS, "b.json")],
      "CONFIG_INVALID",
      /holds 5 rows where one is needed/,
    ],
    [
      "tensors of other names",
      async () => {
        const files = ["a", "b"].map((name) => at(`${name}.safetensors`));
        for (const [i, file] of files.entries()) {
          await writeSafetensors(file, [{ name: `layer-${i}`, shape: [1] }], Float32Array.of(1));
        }
        return ["--rule", "Median", ...files];
      },
      "SCHEMA_MISMATCH",
      /other tensors/,
    ],
    [
      "a safetensors file without values",
      async () => {
        await writeFile(at("empty.safetensors"), "\x02\0\0\0\0\0\0\0{}");
        return ["--rule", "Median", at("empty.safetensors")];
      },
      "TENSOR_FILE_INVALID",
      /no values/,
    ],
    [
      "a file shorter than its header says",
      async () => {
        await writeFile(at("short.npy"), Buffer.concat([npyHeader([2, 2]), Buffer.alloc(15)]));
        return ["--rule", "Median", at("short.npy")];
      },
      "TENSOR_FILE_INVALID",
      /15 bytes of values/,
    ],
  ];
  test.each(refusals)("%s", async (_, words, code, message) => {
    await expect(typed(...(await words()))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test.each<[string, Rows, string]>([
    ["of 0", [[1, 0, 1, 1, 1]], "weight 1 is 0"],
    ["below 0", [[1, 1, -3, 1, 1]], "weight 2 is -3"],
    ["NaN", [[null, 1, 1, 1, 1]], "weight 0 is NaN"],
    ["infinite", [["Infinity", 1, 1, 1, 1]], "weight 0 is Infinity"],
    ["too few", [[1, 1, 1, 1]], "4 weights for 5 updates"],
    ["too many", [[1, 1, 1, 1, 1, 1]], "6 weights for 5 updates"],
    ["of an infinite sum", [[1e308, 1e308, 1e308, 1, 1]], "the sum of the weights is not finite"],
    ["in two rows", [[1], [1]], "holds 2 rows"],
  ])("weights %s", async (_, rows, message) => {
    const weights = await matrixFile(rows, "weights.json");
    const attempt = typed("--rule", "FedAvg", "--weights", weights, await matrixFile(ROWS));
    await expect(attempt).rejects.toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) });
  });
});

describe("references", () => {
  test("the previous aggregate is where CenteredClipping starts from", async () => {
    const words = ["--rule", "CenteredClipping", "--param", "tau=1", await matrixFile([[10, 0]])];
    expect((await answer(...words)).aggregate).toEqual([1, 0]);
    const previous = await matrixFile([[4, 0]], "previous.json");
    expect((await answer(...words, "--reference", `previousAggregate=${previous}`)).aggregate).toEqual([5, 0]);
  });

  test("FLTrust does not go without its root update", async () => {
    const words = [
      "--rule",
      "FLTrust",
      await matrixFile([
        [2, 0],
        [0, 3],
      ]),
    ];
    await expect(typed(...words)).rejects.toMatchObject({ message: "FLTrust needs --reference rootUpdate=FILE" });
    const root = await matrixFile([[1, 0]], "root.json");
    const { aggregate, coefficients } = await answer(...words, "--reference", `rootUpdate=${root}`);
    expect(aggregate).toEqual([1, 0]);
    expect(coefficients).toEqual([0.5, 0]);
  });

  test.each([
    ["one that the rule does not read", "Median", "rootUpdate=a.json", /Median reads no reference rootUpdate/],
    ["one misspelt", "FLTrust", "rootUpdat=a.json", /did you mean rootUpdate/],
    ["one without a file", "FLTrust", "rootUpdate", /name=FILE/],
  ])("refused: %s", async (_, rule, reference, message) => {
    const attempt = typed("--rule", rule, "--reference", reference, await matrixFile(ROWS));
    await expect(attempt).rejects.toMatchObject({ code: "CONFIG_INVALID", message: expect.stringMatching(message) });
  });

  test("refused: one of another length", async () => {
    const words = ["--rule", "FLTrust", "--reference", `rootUpdate=${await matrixFile([[1, 2]], "root.json")}`];
    await expect(typed(...words, await matrixFile(ROWS))).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
  });
});

describe("before anything is computed", () => {
  test("an update is never overwritten by the aggregate", async () => {
    const file = await matrixFile([[1], [2]], "kept.json");
    await expect(typed("--rule", "FedAvg", "--output", file, file)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("nor is any other file that is read, whatever name it goes by", async () => {
    const file = await matrixFile([[1], [2]], "linked.json");
    const weights = await matrixFile([[1, 3]], "counts.json");
    const link = at("link.json");
    await symlink(file, link);
    const before = await readFile(file, "utf8");
    await expect(typed("--rule", "FedAvg", "--output", link, file)).rejects.toThrow("linked.json would be overwritten");
    const weighted = typed("--rule", "FedAvg", "--weights", weights, "--output", weights, file);
    await expect(weighted).rejects.toThrow("counts.json would be overwritten");
    const started = await matrixFile([[0]], "start.json");
    const referring = ["--rule", "CenteredClipping", "--param", "tau=1", "--reference", `previousAggregate=${started}`];
    await expect(typed(...referring, "--output", started, file)).rejects.toThrow("start.json would be overwritten");
    expect(await readFile(file, "utf8")).toBe(before);
  });

  test("what is no file is not waited for", async () => {
    await mkdir(at("folder.json"), { recursive: true });
    await expect(typed("--rule", "FedAvg", at("folder.json"))).rejects.toThrow("folder.json is no file");
  });

  test("a rule that cannot hold because updates were dropped says so", async () => {
    const file = await matrixFile([[1], ["NaN"], [2]], "dropped.json");
    await expect(typed("--rule", "Median", "--num-byzantine", "1", file)).rejects.toMatchObject({
      code: "INFEASIBLE_RULE",
      message: expect.stringContaining("1 of 3 were dropped"),
    });
  });
});
