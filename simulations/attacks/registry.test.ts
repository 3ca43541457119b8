import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { byteDataset } from "../../core/data/dataset.ts";
import { parseYaml } from "../../core/yaml-file.ts";
import {
  ATTACK_NAMES,
  ATTACKS,
  attackOf,
  attackSettingsSchema,
  attackTestSet,
  describeAttack,
  isRefusedAtAdmission,
  parseAttack,
  staysSilent,
  whyHarmless,
} from "./registry.ts";

const setting = { numClients: 8, numAttackers: 2, numClasses: 10 };
const alone = { ...setting, numAttackers: 1 };

describe("every attack", () => {
  test.each(ATTACK_NAMES)(
    "%s has defaults, decorates something, and says what it does and who described it",
    (name) => {
      const settings = parseAttack(name);
      const { knows, ...ports } = attackOf(settings, setting);
      expect(["none", "data", "colluders", "omniscient", "knows-rule"]).toContain(knows);
      expect(Object.values(ports).length).toBeGreaterThan(0);
      expect(describeAttack(settings, setting)).toMatch(/attacker|adversary/);
      expect(ATTACKS[name]?.source).not.toBe("");
      // settings travel to other processes as JSON, defaults and all
      expect(attackSettingsSchema.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
    },
  );

  test.each(ATTACK_NAMES)("%s has a file of its own", (name) => {
    const kebab = name.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "-").toLowerCase();
    expect(readdirSync(import.meta.dirname)).toContain(`${kebab}.ts`);
  });

  test("is named as the papers do", () => {
    expect(ATTACK_NAMES).toHaveLength(25);
    expect(new Set(ATTACK_NAMES).size).toBe(25);
  });
});

describe("reading an attack", () => {
  test("parameters follow a colon", () => {
    expect(parseAttack("SignFlipping:scale=10")).toEqual({ name: "SignFlipping", scale: 10, from: "own" });
    expect(parseAttack("ALittleIsEnough:z=auto")).toEqual({ name: "ALittleIsEnough", z: "auto", from: "colluders" });
    expect(parseAttack("LabelFlipping:source=1,target=7")).toEqual({ name: "LabelFlipping", source: 1, target: 7 });
    expect(parseAttack("GaussianNoise:mean=-1.5e-2")).toMatchObject({ mean: -0.015 });
  });

  test.each([
    ["SignFliping", "did you mean SignFlipping?"],
    ["signflipping", "did you mean SignFlipping?"],
    ["Nonsense", "known are SignFlipping, GaussianNoise"],
    ["SignFlipping:scale=x", "scale"],
    ["SignFlipping:scale=-1", "scale"],
    ["SignFlipping:scale=", "scale"],
    ["SignFlipping:strength=1", "strength"],
    ["NonFinite:x=1", '"x"'],
    ["PixelBackdoor:share=0", "share"],
    ["toString", "unknown attack"],
  ])("%s is refused", (text, message) => {
    expect(() => parseAttack(text)).toThrow(message);
  });

  test("in a file, what is wrong is named with its line", () => {
    const schema = z.strictObject({ attack: attackSettingsSchema });
    const read = (text: string) => () => parseYaml(text, schema, "grid.yaml", "CONFIG_INVALID");
    expect(read("attack:\n  name: Fangg")).toThrow(
      /grid\.yaml:2: attack\.name: unknown attack "Fangg": did you mean Fang/,
    );
    expect(read("attack:\n  name: Fang\n  from: heaven")).toThrow(/grid\.yaml:3: attack\.from/);
    expect(read("attack:\n  name: Fang\n  b: 2")).toThrow(/grid\.yaml:3: attack\.b: unknown key/);
    expect(read("attack:\n  scale: 2")).toThrow(/attack\.name/);
  });
});

describe("what an attack comes to", () => {
  const imagesOf = (...labels: number[]) =>
    byteDataset(new Uint8Array(labels.length * 784), Uint8Array.from(labels), [28, 28]);

  test("one that would do nothing is told apart from one that does", () => {
    expect(whyHarmless(parseAttack("ALittleIsEnough:z=auto"), setting)).toContain("z = 0");
    expect(whyHarmless(parseAttack("ALittleIsEnough"), setting)).toBeUndefined();
    expect(whyHarmless(parseAttack("ALittleIsEnough"), alone)).toContain("one colluder alone");
    expect(whyHarmless(parseAttack("ALittleIsEnough:from=honest"), alone)).toBeUndefined();
    expect(whyHarmless(parseAttack("MinMax:from=colluders"), alone)).toContain("one colluder alone");
    expect(whyHarmless(parseAttack("MinMax"), alone)).toBeUndefined();
    expect(whyHarmless(parseAttack("LabelFlipping:source=3,target=3"), setting)).toContain("called what it is");
    expect(whyHarmless(parseAttack("SignFlipping"), setting)).toBeUndefined();
    expect(whyHarmless(parseAttack("SignFlipping"), { ...setting, numAttackers: 0 })).toBe("nobody attacks");
  });

  test("labels beyond the classes are refused", () => {
    for (const text of ["LabelFlipping:target=10", "EdgeCase:source=12", "PixelBackdoor:target=10"]) {
      expect(() => attackOf(parseAttack(text), setting)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
  });

  test("a client to mimic that is no honest one's place is refused", () => {
    expect(attackOf(parseAttack("Mimic:client=5"), setting).knows).toBe("omniscient");
    expect(() => attackOf(parseAttack("Mimic:client=6"), setting)).toThrow(
      expect.objectContaining({ code: "PLAN_INVALID", message: "client 6: a round has 6 honest clients, from 0" }),
    );
  });

  test("rounds close without those who are refused or silent", () => {
    const refused = ATTACK_NAMES.filter((name) => isRefusedAtAdmission(parseAttack(name)));
    expect(refused).toEqual(["NonFinite", "Stale", "Dropout", "SlowLoris"]);
    expect(refused.filter((name) => staysSilent(parseAttack(name)))).toEqual(["Stale", "Dropout", "SlowLoris"]);
  });

  test("those that aim at something are judged on it", () => {
    const test = imagesOf(0, 7, 2);
    const aimed = ATTACK_NAMES.filter((name) => attackTestSet(parseAttack(name), setting, test) !== undefined);
    expect(aimed).toEqual([
      "LabelFlipping",
      "Sybils",
      "PixelBackdoor",
      "DistributedBackdoor",
      "EdgeCase",
      "ModelReplacement",
      "ConstrainAndScale",
    ]);
  });

  test.each(["EdgeCase:source=9", "LabelFlipping:source=9,target=1", "Sybils:source=9,target=9"])(
    "%s cannot be judged by a set without its source, be that the highest class of all",
    (text) => {
      expect(() => attackTestSet(parseAttack(text), setting, imagesOf(0, 7, 2))).toThrow(
        expect.objectContaining({
          code: "PLAN_INVALID",
          message: expect.stringContaining("the held-out set has no example of class 9"),
        }),
      );
      expect(attackTestSet(parseAttack(text), setting, imagesOf(0, 9))).toBeDefined();
    },
  );
});
