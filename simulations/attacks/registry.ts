import { z } from "zod";
import type { Dataset } from "../../core/data/dataset.ts";
import { FederationError } from "../../core/errors.ts";
import { suggestion } from "../../core/nearest-name.ts";
import type { Attack } from "./attack.ts";
import { BY_DATA } from "./catalogue/by-data.ts";
import { BY_PROTOCOL } from "./catalogue/by-protocol.ts";
import { BY_VECTOR } from "./catalogue/by-vector.ts";
import type { AttackSettings, Entry, PlannedAttack, Setting } from "./catalogue/entry.ts";

export type { AttackSettings, Setting } from "./catalogue/entry.ts";

export const ATTACKS: Readonly<Record<string, Entry>> = { ...BY_VECTOR, ...BY_DATA, ...BY_PROTOCOL };

export const ATTACK_NAMES: readonly string[] = Object.keys(ATTACKS);

/** Every name with its own parameters; an issue names the parameter that is wrong. */
export const attackSettingsSchema: z.ZodType<AttackSettings> = z
  .looseObject({ name: z.string() })
  .transform(({ name, ...parameters }, context) => {
    const found = Object.hasOwn(ATTACKS, name) ? ATTACKS[name] : undefined;
    if (found === undefined) {
      const message = `unknown attack "${name}": ${suggestion(name, ATTACK_NAMES)}`;
      context.issues.push({ code: "custom", path: ["name"], message, input: name });
      return z.NEVER;
    }
    const parsed = found.parameters.safeParse(parameters);
    if (parsed.success) return { name, ...parsed.data };
    for (const issue of parsed.error.issues)
      context.issues.push({ ...issue, input: parameters } as z.core.$ZodRawIssue);
    return z.NEVER;
  });

/** @throws CONFIG_INVALID for a label beyond the classes, PLAN_INVALID for a client beyond the honest ones */
export function attackOf(settings: AttackSettings, setting: Setting): Attack {
  return planned(settings).attack(setting);
}

/** What the attackers do, in words for people. */
export function describeAttack(settings: AttackSettings, setting: Setting): string {
  return planned(settings).describe(setting);
}

/** Whether rounds close without the attackers: admission turns their updates away, or none come in time. */
export function isRefusedAtAdmission(settings: AttackSettings): boolean {
  return planned(settings).absence !== undefined;
}

/** Whether attackers leave tasks unanswered, so that a round that waits for everyone waits until its deadline. */
export function staysSilent(settings: AttackSettings): boolean {
  return planned(settings).absence === "silent";
}

/** Whether it attacks the network itself, so that without one it is no attack. */
export function needsNetwork(settings: AttackSettings): boolean {
  return planned(settings).needsNetwork === true;
}

/** Why this attack would do nothing in this setting; undefined when it does something. */
export function whyHarmless(settings: AttackSettings, setting: Setting): string | undefined {
  return setting.numAttackers === 0 ? "nobody attacks" : planned(settings).whyHarmless?.(setting);
}

/**
 * The test examples that a targeted attack is about, labelled as it wants them taken: a model's accuracy on them is the
 * attack's success rate. Undefined for attacks that aim at nothing in particular.
 *
 * @throws PLAN_INVALID where the set has no example of the class that the attack aims at
 */
export function attackTestSet(settings: AttackSettings, setting: Setting, test: Dataset): Dataset | undefined {
  return planned(settings).testSet?.(test, setting);
}

function planned({ name, ...parameters }: AttackSettings): PlannedAttack {
  const found = ATTACKS[name];
  if (found === undefined) throw new FederationError("CONFIG_INVALID", `unknown attack "${name}"`);
  return found.plan(parameters);
}

/**
 * Reads `Name` or `Name:parameter=value,parameter=value`, such as `SignFlipping:scale=10`.
 *
 * @throws CONFIG_INVALID naming what is wrong and what was probably meant
 */
export function parseAttack(text: string): AttackSettings {
  const [name = "", parameters] = text.split(":", 2);
  const pairs = parameters === undefined ? [] : parameters.split(",").map((pair) => pair.split("=", 2));
  const given = pairs.map(([key = "", value = ""]) => [key, isNumeral(value) ? Number(value) : value]);
  const result = attackSettingsSchema.safeParse({ ...Object.fromEntries(given), name });
  if (result.success) return result.data;
  const complaints = result.error.issues.map((it) => [...it.path, it.message].join(": "));
  throw new FederationError("CONFIG_INVALID", `attack "${text}": ${complaints.join("; ")}`);
}

const isNumeral = (text: string) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
