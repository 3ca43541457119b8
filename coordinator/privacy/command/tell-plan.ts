import type { PrivatePlan } from "../../../core/privacy/private-plan.ts";
import { toldEpsilon } from "../../../core/privacy/told.ts";
import type { PlanCost } from "./plan-cost.ts";
import type { PlanNoise } from "./plan-noise.ts";

interface Told {
  readonly cost: PlanCost;
  readonly noise: PlanNoise | undefined;
  /** Why sampling amplifies nothing. */
  readonly forfeited: string | undefined;
  /** Noise multiplier that leaves room for all rounds, where there is not. */
  readonly enough: number | undefined;
}

/** A table of epsilons, what the budget leaves room for, and what the noise does. */
export function planLines(plan: PrivatePlan, { cost, noise, forfeited, enough }: Told): string[] {
  const { job, rounds, privacy } = plan;
  const { maxEpsilon } = privacy;
  return [
    `job              ${job}, ${WHO[privacy.mode]}`,
    ...cost.byRound.map(({ round, bound: { epsilon } }) => {
      const verdict = epsilon > maxEpsilon ? ", above maxEpsilon" : "";
      return `${`after ${round}`.padEnd(16)} epsilon ${toldEpsilon(epsilon)}${verdict}`;
    }),
    `budget           ${budgetText(cost.affordableRounds, rounds, maxEpsilon)}`,
    ...(enough === undefined
      ? []
      : [`enough noise     noiseMultiplier ${enough} leaves room for all ${rounds} rounds`]),
    ...(forfeited === undefined ? [] : [`amplification    ${forfeited}`]),
    ...(noise === undefined ? [] : noiseLines(noise, plan.aggregation)),
  ];
}

const WHO = {
  central: "privacy of clients by the coordinator's noise",
  local: "privacy of clients by their own noise; epsilon is that of a client asked in every round",
  example: "privacy of examples by the clients' own noise, attested; epsilon is that of a client asked in every round",
} as const;

function budgetText(affordable: number, rounds: number, maxEpsilon: number): string {
  if (affordable === rounds) return `maxEpsilon ${maxEpsilon} leaves room for all ${rounds} rounds`;
  return `maxEpsilon ${maxEpsilon} ends the job after ${affordable} of ${rounds} rounds`;
}

function noiseLines(
  { on, stdDev, length, timesClipNorm, timesThatOfMean }: PlanNoise,
  { rule }: PrivatePlan["aggregation"],
) {
  const lines = [
    `noise            on ${on}: standard deviation ${rounded(stdDev)} on each weight`,
    `noise length     ${rounded(length)}, ${rounded(timesClipNorm)} times the clip norm`,
  ];
  if (timesThatOfMean === undefined) return lines;
  const formula = rule.name === "TrimmedMean" ? ", n/(n - 2f)" : "";
  return [...lines, `noise factor     ${rounded(timesThatOfMean)} times that on the mean${formula}`];
}

const rounded = (value: number) => String(Number(value.toPrecision(3)));

export interface Accepted {
  readonly changes: readonly string[];
  /** After all rounds. */
  readonly epsilon: number;
  readonly noiseFactor: number | null;
}

/** What takes the place of the cost of a plan that is refused. */
export function alternativeLines({ job, rounds }: PrivatePlan, accepted: readonly Accepted[]): string[] {
  if (accepted.length === 0)
    return [`job              ${job}, refused; no change of its aggregation, cohort or privacy helps`];
  return [
    `job              ${job}, refused; accepted with`,
    ...accepted.map(({ changes, epsilon, noiseFactor }) => {
      const factor = noiseFactor === null ? "" : `, noise ${rounded(noiseFactor)} times that on the mean`;
      return `  ${changes.join(" and ")}: epsilon ${toldEpsilon(epsilon)} after ${rounds} rounds${factor}`;
    }),
  ];
}
