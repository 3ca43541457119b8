import { seededRandom } from "../../../core/random/seeded.ts";
import { type MixedGeometry, mixedGeometry } from "../mixed-geometry.ts";
import { ruleOf } from "../registry.ts";
import type { Combination, CombiningRule, Geometry, Mixing, RuleSettings } from "../rule.ts";
import type { SeededInput } from "./engine.ts";

/** A rule and what it is to combine, as a thread is told. */
export interface Combining {
  readonly rule: RuleSettings;
  readonly input: SeededInput;
}

/** Updates from which on even a short rule is worth telling a thread. */
const MANY_UPDATES = 200;

/** What a thread is told; undefined where the rule is done sooner than a thread has heard of it. */
export function combiningInThread(rule: CombiningRule, input: SeededInput): Combining | undefined {
  const isWorthIt = rule.isLong || input.geometry.numUpdates >= MANY_UPDATES;
  return rule.madeOf && isWorthIt ? { rule: rule.madeOf, input } : undefined;
}

/** What mixGeometry() hands over, as a thread is told. */
export interface ToMix {
  readonly geometry: Geometry;
  readonly mixing: Mixing;
  readonly numUpdates: number;
}

export async function mixHere(geometry: Geometry, mixing: Mixing, numUpdates: number): Promise<MixedGeometry> {
  return mixedGeometry(geometry, mixing, numUpdates);
}

/** Of so many rows that all pairs of mixed ones take longer than to tell a thread. */
export function isWorthMixingInThread({ numOutputs, numRows }: Mixing): boolean {
  return numOutputs * numRows >= MANY_UPDATES ** 2 / 4;
}

export async function combineHere(rule: CombiningRule, { seed, ...input }: SeededInput): Promise<Combination> {
  return rule.combine({ ...input, random: seededRandom(seed) });
}

/** In a thread: the registry makes the rule again. */
export async function combineAsTold({ rule, input }: Combining): Promise<Combination> {
  const made = ruleOf(rule.settings, rule.numByzantine);
  if (made.kind !== "combine") throw new TypeError(`${made.name} combines nothing`);
  return combineHere(made, input);
}
