import { describe, expect, test } from "vitest";
import { z } from "zod";
import { FederationError } from "./errors.ts";
import { planFileSchema } from "./plan.ts";
import { parseYaml } from "./yaml-file.ts";

const PLAN = `job: digits
rounds: 2
round:
  quorum: 2
  minUpdates: 2
aggregation:
  rule: { name: FedAvg }
  numByzantine: 0
`;
const MODEL = "model: { builtin: mlp }\n";

/** The complaints about a text, one line each. */
function complaints(text: string, schema: z.ZodType = planFileSchema): string[] {
  try {
    parseYaml(text, schema, "plan.yaml", "PLAN_INVALID");
  } catch (error) {
    if (!(error instanceof FederationError)) throw error;
    expect(error.code).toBe("PLAN_INVALID");
    return error.message.split("\n");
  }
  throw new Error("it was accepted");
}

test("what is valid comes back parsed, defaults filled in", () => {
  const plan = parseYaml(PLAN + MODEL, planFileSchema, "plan.yaml", "PLAN_INVALID");
  expect(plan).toMatchObject({ job: "digits", round: { graceMs: 2_000 }, model: { builtin: "mlp", hidden: 64 } });
});

test("the code is the caller's", () => {
  const parse = () => parseYaml("3", z.string(), "policy.yaml", "CONFIG_INVALID");
  expect(parse).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});

describe("source, line and field of", () => {
  const found: [string, string, string[]][] = [
    ["an unknown key", `${PLAN}${MODEL}roundz: 3\n`, ["plan.yaml:10: roundz: unknown key"]],
    [
      "one further in",
      PLAN.replace("  quorum: 2", "  quorum: 2\n  quorom: 3") + MODEL,
      ["plan.yaml:5: round.quorom: unknown key"],
    ],
    [
      "all unknown keys",
      `first: 1\n${PLAN}${MODEL}last: 2\n`,
      ["plan.yaml:1: first: unknown key", "plan.yaml:11: last: unknown key"],
    ],
    [
      "a prototype that is written in",
      `${PLAN}${MODEL}__proto__: { a: 1 }\n`,
      ["plan.yaml:10: __proto__: unknown key"],
    ],
    [
      "an unknown key after Windows line ends",
      `${PLAN}${MODEL}roundz: 3\n`.replaceAll("\n", "\r\n"),
      ["plan.yaml:10: roundz: unknown key"],
    ],
    [
      "a value of the wrong type",
      PLAN.replace("rounds: 2", "rounds: two") + MODEL,
      ["plan.yaml:2: rounds: Invalid input: expected number, received string"],
    ],
    [
      "a value that is no number",
      `${PLAN}${MODEL}local:\n  learningRate: .nan\n`,
      ["plan.yaml:11: local.learningRate: Invalid input: expected number, received NaN"],
    ],
    [
      "a value with a foreign tag",
      PLAN.replace("rounds: 2", "rounds: !!js/function 'process.exit()'") + MODEL,
      ["plan.yaml:2: rounds: Invalid input: expected number, received string"],
    ],
    [
      "values that do not fit together",
      PLAN.replace("minUpdates: 2", "minUpdates: 3") + MODEL,
      ["plan.yaml:5: round.minUpdates: must not exceed quorum"],
    ],
    [
      "an item of a list",
      PLAN.replace("aggregation:", "aggregation:\n  preAggregators:\n    - { name: NNM }\n    - { name: 3 }") + MODEL,
      ["plan.yaml:9: aggregation.preAggregators.1.name: Invalid input: expected string, received number"],
    ],
  ];
  test.each(found)("%s", (_what, text, expected) => {
    expect(complaints(text)).toEqual(expected);
  });

  const missing: [string, string, string[]][] = [
    ["a field at the top: the line its mapping starts on", PLAN, ["plan.yaml:1: model: "]],
    [
      "fields further in: the line of the field they belong to",
      `${PLAN}${MODEL}privacy:\n  mode: central\n  clipNorm: 1\n`,
      [
        "plan.yaml:10: privacy.noiseMultiplier: ",
        "plan.yaml:10: privacy.delta: ",
        "plan.yaml:10: privacy.maxEpsilon: ",
      ],
    ],
    ["everything: an empty document", "", ["plan.yaml:1: the document: "]],
    ["everything: a list", "- job: digits\n", ["plan.yaml:1: the document: "]],
  ];
  test.each(missing)("what is missing: %s", (_what, text, expected) => {
    const found = complaints(text);
    expect(found.map((it, i) => it.slice(0, expected[i]?.length))).toEqual(expected);
  });
});

describe("of a model's forms, the one that was meant is held against the plan", () => {
  const models: [string, string, string][] = [
    ["mlp with a wrong type", "builtin: mlp\n  hidden: many", "plan.yaml:11: model.hidden: Invalid input"],
    ["softmax with mlp's field", "builtin: softmax\n  hidden: 3", "plan.yaml:11: model.hidden: unknown key"],
    ["an unknown built-in", "builtin: resnet", "plan.yaml:10: model.builtin: Invalid discriminator"],
    ["layers that are no path", "layers: 5", "plan.yaml:10: model.layers: Invalid input: expected string"],
    ["layers with mlp's field", "layers: model.json\n  hidden: 3", "plan.yaml:11: model.hidden: unknown key"],
    ["no mapping at all", "- mlp", "plan.yaml:9: model: Invalid input: expected object, received array"],
  ];
  test.each(models)("%s", (_what, model, expected) => {
    const found = complaints(`${PLAN}model:\n  ${model}\n`);
    expect(found).toHaveLength(1);
    expect(found[0]?.slice(0, expected.length)).toBe(expected);
  });

  test("unions within unions", () => {
    const inner = z.union([
      z.strictObject({ a: z.number() }),
      z.strictObject({ b: z.strictObject({ c: z.number() }) }),
    ]);
    const schema = z.strictObject({ outer: z.union([z.string(), inner]) });
    expect(complaints("outer:\n  b:\n    c: x\n", schema)).toEqual([
      "plan.yaml:3: outer.b.c: Invalid input: expected number, received string",
    ]);
  });
});

describe("what is not YAML, or too much of it", () => {
  const broken: [string, string, RegExp][] = [
    ["a bracket left open", "job: digits\nrounds: [1\n", /^plan\.yaml:3: .*flow/i],
    ["tabs as indentation", "round:\n\tquorum: 1\n", /^plan\.yaml:2: .*tab/i],
    ["a key given twice", "job: digits\njob: letters\n", /^plan\.yaml:2: .*unique/],
    ["a second document", `${PLAN}${MODEL}---\njob: other\n`, /^plan\.yaml:10: .*multiple documents/],
    ["an alias of nothing", "job: *nothing\n", /^plan\.yaml/],
    ["thousands of brackets", `job: ${"[".repeat(20_000)}${"]".repeat(20_000)}\n`, /^plan\.yaml/],
  ];
  test.each(broken)("%s", (_what, text, expected) => {
    expect(complaints(text)[0]).toMatch(expected);
  });

  test("aliases of aliases are not followed to their billions", () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(", ")}]\n`;
    const names = ["b", "c", "d", "e", "f", "g", "h", "i"];
    const bomb = names.map((name, i) => level(name, i === 0 ? "*a" : `*${names[i - 1]}`)).join("");
    expect(complaints(`a: &a [x, x, x, x, x, x, x, x, x]\n${bomb}`)).toEqual([expect.stringContaining("alias")]);
  });

  test("an alias of a whole model is fine", () => {
    const twice = `${PLAN}model: &model { builtin: mlp }\n`;
    expect(() => parseYaml(twice, planFileSchema, "plan.yaml", "PLAN_INVALID")).not.toThrow();
    const schema = z.strictObject({ a: z.array(z.number()), b: z.array(z.number()) });
    expect(parseYaml("a: &a [1]\nb: *a\n", schema, "it", "PLAN_INVALID")).toEqual({ a: [1], b: [1] });
  });

  test("1 MiB is read, one byte more is not", () => {
    const padded = (sizeBytes: number) => `"${"x".repeat(sizeBytes - 2)}"`;
    expect(parseYaml(padded(1 << 20), z.string(), "it", "PLAN_INVALID")).toHaveLength((1 << 20) - 2);
    expect(complaints(padded((1 << 20) + 1), z.string())).toEqual(["plan.yaml: larger than 1048576 bytes"]);
  });
});
