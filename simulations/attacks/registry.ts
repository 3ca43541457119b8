import { z } from "zod";
import { FederationError } from "../../core/errors.ts";
import { suggestion } from "../../core/nearest-name.ts";
import { aLittleIsEnough, undetectableZ, whyNoOp } from "./a-little-is-enough.ts";
import type { Attack } from "./attack.ts";
import { labelFlipping } from "./label-flipping.ts";
import { nonFinite } from "./non-finite.ts";
import { replay } from "./replay.ts";
import { signFlipping } from "./sign-flipping.ts";

/** What an attack can depend on besides its own parameters. */
export interface Setting {
  readonly numClients: number;
  readonly numAttackers: number;
  readonly numClasses: number;
  /** A folder of the attacker's own. */
  readonly folder: string;
}

/** An attack by name with all its parameters: what travels to the attacker's process. */
export const attackSettingsSchema = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("SignFlipping"), scale: z.coerce.number().positive().max(1e6).default(4) }),
  z.strictObject({ name: z.literal("LabelFlipping") }),
  z.strictObject({
    name: z.literal("ALittleIsEnough"),
    /** `auto` takes the paper's formula. */
    z: z.union([z.literal("auto"), z.coerce.number().min(-100).max(100)]).default(1.5),
  }),
  z.strictObject({ name: z.literal("NonFinite") }),
  z.strictObject({ name: z.literal("Replay") }),
]);

export type AttackSettings = z.output<typeof attackSettingsSchema>;

export const ATTACK_NAMES: readonly string[] = attackSettingsSchema.options.map((it) => it.shape.name.value);

export function attackOf(settings: AttackSettings, setting: Setting): Attack {
  switch (settings.name) {
    case "SignFlipping":
      return signFlipping(settings);
    case "LabelFlipping":
      return labelFlipping(setting);
    case "ALittleIsEnough":
      return aLittleIsEnough({ z: zOf(settings, setting) });
    case "NonFinite":
      return nonFinite();
    case "Replay":
      return replay(setting);
  }
}

/** What the attackers do, in words for people. */
export function describeAttack(settings: AttackSettings, setting: Setting): string {
  switch (settings.name) {
    case "SignFlipping":
      return `each attacker sends its own delta times -${settings.scale}`;
    case "LabelFlipping":
      return `attackers train on labels turned round, y -> ${setting.numClasses - 1} - y`;
    case "ALittleIsEnough":
      return `attackers all send the mean of their honest deltas minus ${Number(zOf(settings, setting).toFixed(3))} standard deviations`;
    case "NonFinite":
      return "attackers send NaN for every value; admission refuses them";
    case "Replay":
      return "attackers resubmit their previous update after each new one; it is answered again but counts once";
  }
}

/** Whether admission turns the attackers' updates away, so that rounds close without them. */
export function isRefusedAtAdmission(settings: AttackSettings): boolean {
  return settings.name === "NonFinite";
}

/** Why this attack would do nothing in this setting; undefined when it does something. */
export function whyHarmless(settings: AttackSettings, setting: Setting): string | undefined {
  return settings.name === "ALittleIsEnough" ? whyNoOp(zOf(settings, setting), setting.numAttackers) : undefined;
}

function zOf({ z }: Extract<AttackSettings, { name: "ALittleIsEnough" }>, setting: Setting): number {
  return z === "auto" ? undetectableZ(setting.numClients, setting.numAttackers) : z;
}

/**
 * Reads `Name` or `Name:parameter=value,parameter=value`, such as `SignFlipping:scale=10`.
 *
 * @throws CONFIG_INVALID naming what is wrong and what was probably meant
 */
export function parseAttack(text: string): AttackSettings {
  const [name = "", parameters] = text.split(":", 2);
  if (!ATTACK_NAMES.includes(name)) {
    throw new FederationError("CONFIG_INVALID", `unknown attack "${name}": ${suggestion(name, ATTACK_NAMES)}`);
  }
  const pairs = parameters === undefined ? [] : parameters.split(",").map((pair) => pair.split("=", 2));
  const result = attackSettingsSchema.safeParse({ ...Object.fromEntries(pairs), name });
  if (result.success) return result.data;
  const complaints = result.error.issues.map((it) => [...it.path, it.message].join(": "));
  throw new FederationError("CONFIG_INVALID", `attack "${text}": ${complaints.join("; ")}`);
}
