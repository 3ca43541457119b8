import { z } from "zod";
import { dropout } from "../dropout.ts";
import { equivocation } from "../equivocation.ts";
import { freeRider } from "../free-rider.ts";
import { replay } from "../replay.ts";
import { slowLoris } from "../slow-loris.ts";
import { stale } from "../stale.ts";
import { weightInflation } from "../weight-inflation.ts";
import { type Entry, entry } from "./entry.ts";

/** Attacks by what is said, when, how often and how fast. */
export const BY_PROTOCOL: Readonly<Record<string, Entry>> = {
  WeightInflation: entry(
    "the weights of federated averaging, McMahan et al. 2017, are what clients claim",
    { numExamples: z.int().min(1).max(Number.MAX_SAFE_INTEGER).default(1_000_000_000) },
    (settings) => ({
      attack: () => weightInflation(settings),
      describe: () =>
        `attackers claim to have trained on ${settings.numExamples.toLocaleString("en")} examples; uniform weights ignore it`,
    }),
  ),
  FreeRider: entry(
    "Lin et al. 2019; Fraboni, Vidal and Lorenzi 2021",
    {
      disguise: z.enum(["zero", "lastChange"]).default("lastChange"),
      noiseStdDev: z.number().min(0).max(1e6).default(0),
    },
    (settings) => ({
      attack: () => freeRider(settings),
      describe: () =>
        settings.disguise === "zero"
          ? "attackers train nothing and send zeros"
          : "attackers train nothing and send the change that the model made in the last round",
    }),
  ),
  Replay: entry("Syverson 1994, A Taxonomy of Replay Attacks", {}, () => ({
    attack: replay,
    describe: () => "attackers resubmit their previous update after each new one; it is answered again but counts once",
  })),
  Stale: entry("Xie, Koyejo and Gupta 2019, on staleness", {}, () => ({
    attack: stale,
    describe: () => "attackers answer each task with their update to the one before; admission refuses it",
    absence: "silent",
  })),
  Equivocation: entry("Lamport, Shostak and Pease 1982", {}, () => ({
    attack: equivocation,
    describe: () => "attackers sign two contrary updates to each task; the first stands",
  })),
  Dropout: entry("Bonawitz et al. 2019, on drop-out", { rate: z.number().gt(0).max(1).default(1) }, (settings) => ({
    attack: () => dropout(settings),
    describe: () =>
      `attackers take their tasks and fail to answer ${Number((100 * settings.rate).toFixed(1))} % of them`,
    absence: "silent",
  })),
  SlowLoris: entry(
    "Hansen 2009, Slowloris",
    { bytesPerSecond: z.int().min(1).max(1_000_000_000).default(100) },
    (settings) => ({
      attack: () => slowLoris(settings),
      describe: () =>
        `attackers upload ${settings.bytesPerSecond} bytes a second and never to the end; it shows over a network only`,
      absence: "silent",
      needsNetwork: true,
    }),
  ),
};
