import { FederationError } from "../../../core/errors.ts";
import type { MechanismOptions } from "../../cli-privacy.ts";
import { boundOf, type PrivacyBound } from "../accountants/accountant.ts";
import { crossing } from "../accountants/analytic-gaussian.ts";
import type { Mechanism, Sampling } from "../accountants/mechanism.ts";
import { contractLines, contractOf } from "../contract.ts";

type EpsilonOptions = MechanismOptions & { readonly noiseMultiplier: number };
type CalibrateOptions = MechanismOptions & { readonly epsilon: number };

/** `holdfast privacy`: the accountants by hand. */
export function privacyCommands(print: (line: string) => void, warn: (line: string) => void) {
  return {
    epsilon: (options: EpsilonOptions): void => {
      const { bound, mechanism } = checked(options, options.noiseMultiplier, warn);
      const contract = contractOf(mechanism, options.noiseMultiplier, options.rounds, bound);
      const { epsilon, delta, accountant, order } = bound;
      if (options.json) print(JSON.stringify({ epsilon, delta, accountant, order: order ?? null, contract }));
      else
        print([`epsilon          ${epsilon.toPrecision(6)}${orderText(bound)}`, ...contractLines(contract)].join("\n"));
    },
    calibrate: (options: CalibrateOptions): void => {
      const noiseMultiplier = leastNoise(options);
      const { bound, mechanism } = checked(options, noiseMultiplier, warn);
      const contract = contractOf(mechanism, noiseMultiplier, options.rounds, bound);
      const { epsilon, delta, accountant } = bound;
      if (options.json) print(JSON.stringify({ noiseMultiplier, epsilon, delta, accountant, contract }));
      else
        print(
          [
            `noise multiplier ${noiseMultiplier}`,
            `epsilon          ${epsilon.toPrecision(6)}`,
            ...contractLines(contract),
          ].join("\n"),
        );
    },
  };
}

function orderText({ order, isAtEdge }: PrivacyBound): string {
  if (order === undefined) return "";
  return isAtEdge ? ` (order ${order}, the first or last that is tried: more might prove less)` : ` (order ${order})`;
}

function checked(options: MechanismOptions, noiseMultiplier: number, warn: (line: string) => void) {
  if (!(noiseMultiplier > 0)) throw invalid(`--noise-multiplier ${noiseMultiplier}: must be above 0`);
  if (options.rounds < 1) throw invalid("--rounds 0: at least one round is charged");
  const delta = deltaOf(options);
  if (options.population !== undefined && delta > 1 / options.population) {
    warn(`warning: delta ${delta} is above 1/${options.population}: it allows publishing one of the clients as it is`);
  }
  const mechanism = mechanismOf(options, noiseMultiplier);
  const bound = boundOf([{ mechanism, times: options.rounds }], delta, options.accountant);
  warnOfJobs(options, bound, mechanism, warn);
  return { mechanism, bound };
}

/** What a job would make of it today: full participation only, charged by Renyi divergences. */
function warnOfJobs(
  options: MechanismOptions,
  bound: PrivacyBound,
  mechanism: Mechanism,
  warn: (line: string) => void,
) {
  if (options.sampling !== "full") {
    warn(`note: no plan accepts ${options.sampling} sampling yet; a job needs full participation`);
  } else if (bound.accountant !== "rdp") {
    const { epsilon } = boundOf([{ mechanism, times: options.rounds }], bound.delta, "rdp");
    warn(`note: a job charges by the accountant rdp, which says epsilon ${epsilon.toPrecision(6)}`);
  }
}

/** N^-1.1 where the plan's operator has not decided. */
function deltaOf({ delta, population }: MechanismOptions): number {
  const value = delta ?? (population === undefined ? undefined : population ** -1.1);
  if (value === undefined) throw invalid("--delta is needed, or --population for its default");
  if (!(value > 0 && value < 1)) throw invalid(`--delta ${value}: must lie between 0 and 1`);
  return value;
}

/** Noise is scaled to the clip norm; replacing a client moves the aggregate twice as far. */
function mechanismOf(options: MechanismOptions, noiseMultiplier: number): Mechanism {
  const { adjacency } = options;
  return {
    mechanism: "gaussian",
    noiseMultiplier: adjacency === "replace-one" ? noiseMultiplier / 2 : noiseMultiplier,
    adjacency,
    sampling: samplingOf(options),
  };
}

function samplingOf(options: MechanismOptions): Sampling {
  switch (options.sampling) {
    case "full":
      refuseOthers(options, ["rate", "cap", "cohort"]);
      return "full";
    case "poisson":
      refuseOthers(options, ["cohort"]);
      return { poisson: poissonOf(options) };
    case "fixed":
      refuseOthers(options, ["rate", "cap"]);
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

function fixedOf({ cohort, population }: MechanismOptions) {
  if (cohort === undefined || population === undefined || cohort < 1 || cohort > population) {
    throw invalid("--sampling fixed needs a --cohort of at least 1 and a --population of at least as many");
  }
  return { cohort, population };
}

function refuseOthers(options: MechanismOptions, names: readonly ("rate" | "cap" | "cohort")[]): void {
  const typed = names.find((name) => options[name] !== undefined);
  if (typed !== undefined) throw invalid(`--${typed} has no meaning with --sampling ${options.sampling}`);
}

/** Rounded up to six digits, so that what is printed keeps the promise. */
function leastNoise(options: CalibrateOptions): number {
  const { epsilon: target, rounds, accountant } = options;
  if (!(target > 0)) throw invalid(`--epsilon ${target}: must be above 0`);
  if (rounds < 1) throw invalid("--rounds 0: at least one round is charged");
  const delta = deltaOf(options);
  const meets = (noiseMultiplier: number) =>
    boundOf([{ mechanism: mechanismOf(options, noiseMultiplier), times: rounds }], delta, accountant).epsilon <= target;
  const least = crossing(meets, SMALLEST_NOISE, GREATEST_NOISE, 1e-6);
  if (!Number.isFinite(least)) {
    throw new FederationError(
      "PRIVACY_UNSUPPORTED",
      `no noise multiplier up to ${GREATEST_NOISE} reaches epsilon ${target}`,
    );
  }
  const digits = 10 ** (5 - Math.floor(Math.log10(least)));
  return Math.ceil(least * digits) / digits;
}

const SMALLEST_NOISE = 2 ** -6;
const GREATEST_NOISE = 2 ** 20;

function invalid(message: string): FederationError {
  return new FederationError("CONFIG_INVALID", message);
}
