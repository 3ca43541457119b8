import { z } from "zod";
import { FederationError } from "../../../core/errors.ts";
import { aLittleIsEnough, undetectableZ, whyNoOp } from "../a-little-is-enough.ts";
import { fang } from "../fang.ts";
import { gaussianNoise } from "../gaussian-noise.ts";
import { innerProductManipulation } from "../inner-product-manipulation.ts";
import { mimic } from "../mimic.ts";
import { minMax } from "../min-max.ts";
import { minSum } from "../min-sum.ts";
import { nonFinite } from "../non-finite.ts";
import { optimalAlie } from "../optimal-alie.ts";
import { optimalIpm } from "../optimal-ipm.ts";
import { signFlipping } from "../sign-flipping.ts";
import { type Entry, entry, type Setting } from "./entry.ts";

const factor = z.number().positive().max(1e6);
const source = z.enum(["colluders", "honest"]);
const search = z.enum(["byzfl", "grid"]).default("byzfl");
const stretch = { perturbation: z.enum(["unit", "sign", "std"]).default("std"), from: source.default("honest") };
const whose = (from: z.output<typeof source>) => (from === "honest" ? "the honest deltas" : "their own honest deltas");

/** Attacks on the delta: what it is made of and how far it goes. */
export const BY_VECTOR: Readonly<Record<string, Entry>> = {
  SignFlipping: entry(
    "Li et al. 2019, RSA; Karimireddy et al. 2022",
    { scale: factor.default(4), from: z.enum(["own", "honest"]).default("own") },
    (settings) => ({
      attack: () => signFlipping(settings),
      describe: () =>
        settings.from === "own"
          ? `each attacker sends its own delta times -${settings.scale}`
          : `attackers all send the honest mean times -${settings.scale}`,
    }),
  ),
  GaussianNoise: entry(
    "Blanchard et al. 2017, experiments",
    { mean: z.number().min(-1e6).max(1e6).default(0), stdDev: factor.default(1) },
    (settings) => ({
      attack: () => gaussianNoise(settings),
      describe: () => `attackers send noise of mean ${settings.mean} and standard deviation ${settings.stdDev}`,
    }),
  ),
  InnerProductManipulation: entry(
    "Xie et al. 2020, Fall of Empires",
    { tau: factor.default(2), from: source.default("honest") },
    (settings) => ({
      attack: () => innerProductManipulation(settings),
      describe: () => `attackers all send the mean of ${whose(settings.from)} times -${settings.tau}`,
    }),
  ),
  ALittleIsEnough: entry(
    "Baruch et al. 2019, algorithm 3",
    {
      /** `auto` takes the paper's formula. */
      z: z.union([z.literal("auto"), z.number().min(-100).max(100)]).default(1.5),
      from: source.default("colluders"),
    },
    ({ z: deviations, from }) => {
      const zOf = ({ numClients, numAttackers }: Setting) =>
        deviations === "auto" ? undetectableZ(numClients, numAttackers) : deviations;
      return {
        attack: (setting) => aLittleIsEnough({ z: zOf(setting), from }),
        describe: (setting) =>
          `attackers all send the mean of ${whose(from)} minus ${Number(zOf(setting).toFixed(3))} standard deviations`,
        whyHarmless: (setting) =>
          whyNoOp(
            zOf(setting),
            from === "colluders" ? setting.numAttackers : setting.numClients - setting.numAttackers,
          ),
      };
    },
  ),
  OptimalIPM: entry("Allouah et al. 2023, experiments", { search }, (settings) => ({
    attack: () => optimalIpm(settings),
    describe: () => "attackers all send minus the honest mean, scaled to lead the pipeline farthest astray",
  })),
  OptimalALIE: entry("Allouah et al. 2023, experiments", { search }, (settings) => ({
    attack: () => optimalAlie(settings),
    describe: () =>
      "attackers all send the honest mean plus as many standard deviations as lead the pipeline farthest astray",
  })),
  Mimic: entry(
    "Karimireddy, He and Jaggi 2022",
    { client: z.union([z.literal("principal"), z.int().min(0).max(1_000_000)]).default("principal") },
    (settings) => ({
      attack: (setting) => {
        checkPlace(settings.client, setting);
        return mimic(settings);
      },
      describe: () =>
        settings.client === "principal"
          ? "attackers all copy one honest client, whoever lay farthest along the direction in which they differed most at first"
          : `attackers all copy honest client ${settings.client}`,
    }),
  ),
  MinMax: entry("Shejwalkar and Houmansadr 2021", stretch, (settings) => ({
    attack: () => minMax(settings),
    describe: () => `attackers all send a row as far off as two of ${whose(settings.from)} are from each other`,
    whyHarmless: ({ numAttackers }) => alone(settings.from, numAttackers),
  })),
  MinSum: entry("Shejwalkar and Houmansadr 2021", stretch, (settings) => ({
    attack: () => minSum(settings),
    describe: () => `attackers all send a row as far from ${whose(settings.from)} in sum as the farthest of them`,
    whyHarmless: ({ numAttackers }) => alone(settings.from, numAttackers),
  })),
  Fang: entry(
    "Fang et al. 2020, sections 3.2 and 3.3",
    { against: z.enum(["auto", "Krum", "TrimmedMean"]).default("auto"), from: source.default("honest") },
    (settings) => ({
      attack: () => fang(settings),
      describe: () => fangText(settings),
      whyHarmless: ({ numAttackers }) => alone(settings.from, numAttackers),
    }),
  ),
  NonFinite: entry(
    "Blanchard et al. 2017: one arbitrary vector breaks a mean",
    { value: z.enum(["NaN", "Infinity", "-Infinity"]).default("NaN") },
    ({ value }) => ({
      attack: () => nonFinite({ value: Number(value) }),
      describe: () => `attackers send ${value} for every value; admission refuses them`,
      absence: "refused",
    }),
  ),
};

function fangText({ against, from }: Parameters<typeof fang>[0]): string {
  if (from === "colluders") {
    return "attackers send values three to four standard deviations beyond the mean of their own honest deltas";
  }
  return against === "Krum"
    ? "attackers all send minus the signs of the honest mean, as long as the whole pipeline still picks it"
    : "attackers try rows against the signs of the honest mean on the whole pipeline, and send those that lead it farthest back";
}

/** @throws PLAN_INVALID for a client that is no honest one's place */
function checkPlace(client: number | "principal", { numClients, numAttackers }: Setting): void {
  const numHonest = numClients - numAttackers;
  if (client === "principal" || client < numHonest) return;
  throw new FederationError("PLAN_INVALID", `client ${client}: a round has ${numHonest} honest clients, from 0`);
}

function alone(from: z.output<typeof source>, numAttackers: number): string | undefined {
  if (from === "honest" || numAttackers > 1) return undefined;
  return "one colluder alone has nobody to differ from, so it sends its honest delta";
}
