import { FederationError } from "../../../core/errors.ts";
import type { Charge } from "../../../core/privacy/accountants/accountant.ts";
import type { Sampling } from "../../../core/privacy/accountants/mechanism.ts";
import type { MechanismOptions } from "../../cli-privacy.ts";

type Optional = "rate" | "cap" | "cohort" | "minSeparation" | "maxParticipations";

/**
 * What the typed options are charged as, with noise of so many clip norms. Replacing a client moves the aggregate by
 * twice the clip norm, so there the same noise counts half.
 * @throws CONFIG_INVALID for options that do not belong together
 */
export function typedCharge(options: MechanismOptions, overClipNorm: number): Charge {
  const { adjacency, rounds } = options;
  if (!(overClipNorm > 0)) throw invalid(`--noise-multiplier ${overClipNorm}: must be above 0`);
  if (rounds < 1) throw invalid("--rounds 0: at least one round is charged");
  const noiseMultiplier = adjacency === "replace-one" ? overClipNorm / 2 : overClipNorm;
  if (options.mechanism === "tree") {
    return { mechanism: { mechanism: "tree", noiseMultiplier, adjacency, ...treeOf(options) }, times: 1 };
  }
  refuseOthers(options, ["minSeparation", "maxParticipations"], "--mechanism gaussian");
  return {
    mechanism: { mechanism: "gaussian", noiseMultiplier, adjacency, sampling: samplingOf(options) },
    times: rounds,
  };
}

/** N^-1.1 where the plan's operator has not decided. */
export function typedDelta({ delta, population }: MechanismOptions): number {
  if (population === 0) throw invalid("--population 0: at least one client is enrolled");
  if (population === 1 && delta === undefined) {
    throw invalid("--population 1: of one client the default delta would be 1; give a --delta, or at least 2 clients");
  }
  const value = delta ?? (population === undefined ? undefined : population ** -1.1);
  if (value === undefined) throw invalid("--delta is needed, or --population for its default");
  if (!(value > 0 && value < 1)) throw invalid(`--delta ${value}: must lie between 0 and 1`);
  return value;
}

export const deltaWarning = (delta: number, population: number): string =>
  `warning: delta ${delta} is above 1/${population}: it allows publishing one of the clients as it is`;

/** One tree over all rounds. */
function treeOf(options: MechanismOptions) {
  const { sampling, rounds, minSeparation = 1, maxParticipations } = options;
  if (sampling !== "full") throw invalid(`--sampling ${sampling} has no meaning with --mechanism tree`);
  refuseOthers(options, ["rate", "cap", "cohort"], "--mechanism tree");
  if (maxParticipations === undefined || maxParticipations < 1) {
    throw invalid("--mechanism tree needs --max-participations, at least 1");
  }
  if (minSeparation < 1) throw invalid("--min-separation 0: the next round is the earliest");
  // the accountant counts the rounds that lie between
  return { numLeaves: rounds, minSeparation: minSeparation - 1, maxParticipations };
}

function samplingOf(options: MechanismOptions): Sampling {
  const given = `--sampling ${options.sampling}`;
  switch (options.sampling) {
    case "full":
      refuseOthers(options, ["rate", "cap", "cohort"], given);
      return "full";
    case "poisson":
      refuseOthers(options, ["cohort"], given);
      return { poisson: poissonOf(options) };
    case "fixed":
      refuseOthers(options, ["rate", "cap"], given);
      return { fixed: fixedOf(options) };
  }
}

function poissonOf({ rate, cap, population }: MechanismOptions) {
  if (rate === undefined || !(rate > 0 && rate <= 1)) {
    throw invalid("--sampling poisson needs a --rate above 0 and at most 1");
  }
  if (cap === undefined) return { rate };
  if (population === undefined || cap < 1 || cap > population) {
    throw invalid("--cap needs to be at least 1 and a --population of at least as many");
  }
  return { rate, cap, population };
}

function fixedOf({ cohort, population, adjacency }: MechanismOptions) {
  if (cohort === undefined || population === undefined || cohort < 1 || cohort > population) {
    throw invalid("--sampling fixed needs a --cohort of at least 1 and a --population of at least as many");
  }
  if (adjacency === "zero-out" && cohort < population) {
    throw new FederationError(
      "PRIVACY_UNSUPPORTED",
      "--sampling fixed: no theorem is known for zero-out; accepted: --adjacency replace-one",
    );
  }
  return { cohort, population };
}

const FLAGS: Readonly<Record<Optional, string>> = {
  rate: "--rate",
  cap: "--cap",
  cohort: "--cohort",
  minSeparation: "--min-separation",
  maxParticipations: "--max-participations",
};

function refuseOthers(options: MechanismOptions, names: readonly Optional[], given: string): void {
  const typed = names.find((name) => options[name] !== undefined);
  if (typed !== undefined) throw invalid(`${FLAGS[typed]} has no meaning with ${given}`);
}

export function invalid(message: string): FederationError {
  return new FederationError("CONFIG_INVALID", message);
}
