import { z } from "zod";
import type { Dataset } from "../../../core/data/dataset.ts";
import type { Attack } from "../attack.ts";

/** What an attack depends on besides its own parameters. */
export interface Setting {
  /** Of one round. */
  readonly numClients: number;
  readonly numAttackers: number;
  readonly numClasses: number;
}

/** An attack by name with all its parameters: what a scenario holds and what travels to the attacker's process. */
export interface AttackSettings {
  readonly name: string;
  readonly [parameter: string]: unknown;
}

/** An attack with its parameters filled in. */
export interface PlannedAttack {
  attack(setting: Setting): Attack;
  /** What the attackers do, in words for people. */
  describe(setting: Setting): string;
  /** Why it would do nothing in this setting; undefined when it does something. */
  whyHarmless?(setting: Setting): string | undefined;
  /** Why rounds close without the attackers: admission turns their updates away, or none come in time. */
  readonly absence?: "refused" | "silent";
  /** It is about the network itself, and nothing where there is none. */
  readonly needsNetwork?: true;
  /** Test examples that the attack is about, labelled as it wants them taken: accuracy there is its success rate. */
  testSet?(test: Dataset, setting: Setting): Dataset;
}

export interface Entry {
  /** Who described it. */
  readonly source: string;
  readonly parameters: z.ZodType<Record<string, unknown>>;
  /** @throws z.ZodError for other parameters */
  plan(parameters: unknown): PlannedAttack;
}

/** An entry whose parameters are the keys of `shape`; others are refused. */
export function entry<Shape extends z.ZodRawShape>(
  source: string,
  shape: Shape,
  plan: (parameters: z.output<z.ZodObject<Shape, z.core.$strict>>) => PlannedAttack,
): Entry {
  const parameters = z.strictObject(shape);
  return { source, parameters, plan: (given) => plan(parameters.parse(given)) };
}
