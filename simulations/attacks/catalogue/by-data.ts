import { z } from "zod";
import type { Dataset } from "../../../core/data/dataset.ts";
import { FederationError } from "../../../core/errors.ts";
import { triggeredTestSet } from "../backdoor.ts";
import { constrainAndScale } from "../constrain-and-scale.ts";
import { distributedBackdoor } from "../distributed-backdoor.ts";
import { edgeCase, edgeTestSet } from "../edge-case.ts";
import { flippedTestSet, labelFlipping } from "../label-flipping.ts";
import { modelReplacement } from "../model-replacement.ts";
import { pixelBackdoor } from "../pixel-backdoor.ts";
import { placesWhere } from "../poisoned-dataset.ts";
import { sybils } from "../sybils.ts";
import { type Entry, entry, type Setting } from "./entry.ts";

const label = z.int().min(0).max(99_999);
const share = z.number().gt(0).max(1);
const flip = { source: label.optional(), target: label.optional() };
const backdoor = { target: label.default(0), share: share.default(0.3) };

/** Attacks by what is learnt from: they aim at some inputs, and success is counted on those. */
export const BY_DATA: Readonly<Record<string, Entry>> = {
  LabelFlipping: entry("Tolpegin et al. 2020; Fung et al. 2020", flip, (settings) => ({
    attack: (setting) => labelFlipping(within(settings, setting)),
    describe: ({ numClasses }) => `attackers train on labels turned round, ${flipText(settings, numClasses)}`,
    whyHarmless: (setting) => sameLabel(settings, setting),
    testSet: (test, setting) => flippedTestSet(withSource(settings, test), within(settings, setting)),
  })),
  Sybils: entry(
    "Douceur 2002; Fung et al. 2020",
    { ...flip, jitter: z.number().min(0).max(10).default(0) },
    (settings) => ({
      attack: (setting) => sybils(within(settings, setting)),
      describe: ({ numClasses }) =>
        `one adversary under all attackers' names sends one delta, trained on ${flipText(settings, numClasses)}`,
      whyHarmless: (setting) => sameLabel(settings, setting),
      testSet: (test, setting) => flippedTestSet(withSource(settings, test), within(settings, setting)),
    }),
  ),
  PixelBackdoor: entry("Gu et al. 2017, BadNets; Bagdasaryan et al. 2020", backdoor, (settings) => ({
    attack: (setting) => pixelBackdoor(within(settings, setting)),
    describe: () =>
      `attackers stamp four pixels on ${percent(settings.share)} of their images and call them ${settings.target}`,
    testSet: (test, setting) => triggeredTestSet(test, within(settings, setting), "pixel"),
  })),
  DistributedBackdoor: entry("Xie et al. 2020, DBA", { ...backdoor, target: label.default(2) }, (settings) => ({
    attack: (setting) => distributedBackdoor(within(settings, setting)),
    describe: () =>
      `each attacker stamps a quarter of a trigger on ${percent(settings.share)} of its images and calls them ${settings.target}`,
    testSet: (test, setting) => triggeredTestSet(test, within(settings, setting), "distributed"),
  })),
  EdgeCase: entry(
    "Wang et al. 2020, Attack of the Tails",
    { source: label.default(7), target: label.default(1), rarest: share.default(0.1), share: share.default(0.3) },
    (settings) => ({
      attack: (setting) => edgeCase(within(settings, setting)),
      describe: () =>
        `attackers call the ${percent(settings.rarest)} strangest examples of class ${settings.source} a ${settings.target}`,
      whyHarmless: (setting) => sameLabel(settings, setting),
      testSet: (test, setting) => edgeTestSet(withSource(settings, test), within(settings, setting)),
    }),
  ),
  ModelReplacement: entry(
    "Bagdasaryan et al. 2020, section 4.2",
    { ...backdoor, gamma: z.union([z.literal("auto"), z.number().positive().max(1e6)]).default("auto") },
    (settings) => ({
      attack: (setting) => modelReplacement({ ...within(settings, setting), ...setting }),
      describe: () => `attackers train a backdoor to ${settings.target} and scale it up until it outweighs the others`,
      testSet: (test, setting) => triggeredTestSet(test, within(settings, setting), "pixel"),
    }),
  ),
  ConstrainAndScale: entry(
    "Bagdasaryan et al. 2020, section 4.3",
    {
      ...backdoor,
      alpha: z.number().gt(0).max(1).default(0.95),
      normBound: z.union([z.literal("auto"), z.number().positive().max(1e18)]).default("auto"),
    },
    (settings) => ({
      attack: (setting) => constrainAndScale({ ...within(settings, setting), ...setting }),
      describe: () =>
        `attackers train a backdoor to ${settings.target} that stays near the model, and scale it up to the bound on norms`,
      testSet: (test, setting) => triggeredTestSet(test, within(settings, setting), "pixel"),
    }),
  ),
};

interface Labels {
  readonly source?: number | undefined;
  readonly target?: number | undefined;
}

/** The settings with the number of classes, all of their labels among these. @throws CONFIG_INVALID */
function within<Settings extends Labels>(
  settings: Settings,
  { numClasses }: Setting,
): Settings & { numClasses: number } {
  for (const name of ["source", "target"] as const) {
    const value = settings[name];
    if (value === undefined || value < numClasses) continue;
    throw new FederationError("CONFIG_INVALID", `${name} ${value}: there are ${numClasses} classes, from 0`);
  }
  return { ...settings, numClasses };
}

/** The held-out set. @throws PLAN_INVALID where it lacks the class that the attack aims at */
function withSource({ source }: Labels, test: Dataset): Dataset {
  if (source === undefined || placesWhere(test, (label) => label === source).length > 0) return test;
  const missing = `the held-out set has no example of class ${source}`;
  throw new FederationError("PLAN_INVALID", `source ${source}: ${missing}, so nobody could tell whether it succeeds`);
}

function flipText({ source, target }: Labels, numClasses: number): string {
  const to = target ?? (source === undefined ? `${numClasses - 1} - y` : numClasses - 1 - source);
  return `${source ?? "y"} -> ${to}`;
}

function sameLabel({ source, target }: Labels, { numClasses }: Setting): string | undefined {
  if (source === undefined || source !== (target ?? numClasses - 1 - source)) return undefined;
  return `class ${source} is called what it is`;
}

const percent = (part: number) => `${Number((100 * part).toFixed(1))} %`;
