import { ACCOUNTANT_VERSION, type AccountantName } from "./accountants/accountant.ts";
import type { Mechanism, Sampling } from "./accountants/mechanism.ts";

/** What an epsilon means; printed beside every one. */
export interface Contract {
  readonly unit: "client" | "example";
  readonly adjacency: string;
  readonly mechanism: string;
  /** C, to which an update is clipped, under unit "example" the gradient of one; null where only the noise is known. */
  readonly clipNorm: number | null;
  /** Of the noise over the clip norm. */
  readonly noiseMultiplier: number;
  readonly level: string;
  readonly sampling: string;
  readonly rounds: number;
  /** Uses of the mechanism in these rounds, where each step of training is one; null where it is once a round or tree. */
  readonly steps: number | null;
  readonly delta: number;
  readonly accountant: string;
  readonly seesUnnoised: string;
  readonly notCovered: string;
}

const ADJACENCY = {
  "zero-out": "one client's update becomes the zero vector (or the client was never there)",
  "replace-one": "one client's update becomes any other",
} as const;

/** Turns of a tree follow from who is in the population, and so does how many coins come up. */
const ADJACENCY_IN_POPULATION = {
  ...ADJACENCY,
  "zero-out": "one client's updates become zero vectors (that it is in the population is not hidden)",
} as const;

const LEVEL = {
  research: "research: floating-point noise, which the proof takes for exact numbers (idealised)",
  production: "production: exact sums and exact discrete noise on an integer grid",
  unknown: "none: exact numbers, as in the proof (idealised)",
} as const;

interface Noise {
  readonly clipNorm: number | null;
  /** Over the clip norm, as in a plan. */
  readonly noiseMultiplier: number;
  readonly level: keyof typeof LEVEL;
}

export function contractOf(
  { adjacency, mechanism, ...rest }: Mechanism,
  { clipNorm, noiseMultiplier, level }: Noise,
  rounds: number,
  { delta, accountant }: { readonly delta: number; readonly accountant: AccountantName },
): Contract {
  const sampling = "sampling" in rest ? rest.sampling : undefined;
  const meaning = sampling === undefined || tellsSize(sampling) ? ADJACENCY_IN_POPULATION : ADJACENCY;
  return {
    unit: "client",
    adjacency: `${adjacency}: ${meaning[adjacency]}`,
    mechanism: mechanism === "tree" ? "Gaussian noise on the nodes of a tree" : "Gaussian noise on the aggregate",
    clipNorm,
    noiseMultiplier,
    level: LEVEL[level],
    sampling: "numLeaves" in rest ? `trees of ${rest.numLeaves} rounds` : samplingText(rest.sampling, "client"),
    rounds,
    steps: null,
    delta,
    accountant: `${accountant} ${ACCOUNTANT_VERSION}`,
    seesUnnoised: "the operator of the coordinator",
    notCovered: `metrics, ${sampling !== undefined && tellsSize(sampling) ? OTHERS : "cohort sizes"}, refusal reasons, reputation, timing, and jobs without privacy over the same clients`,
  };
}

/** What would give a draw away whose size is known. */
const OTHERS = "which other clients were asked, how many answered";

/** Whether a draw amplifies although everybody knows how many it named. */
function tellsSize(sampling: Sampling): boolean {
  return sampling !== "full" && ("fixed" in sampling || "sizePublished" in sampling.poisson);
}

/** True also of a sample whose amplification is forfeited, which is charged as everybody. */
export function samplingText(sampling: Sampling, unit: Contract["unit"]): string {
  if (sampling === "full") {
    const each = unit === "client" ? "round" : "step";
    return `full: charged as if every ${unit} took part in every ${each}; nothing is amplified`;
  }
  if ("fixed" in sampling) {
    const { cohort, population } = sampling.fixed;
    return `fixed: exactly ${cohort} of ${population} ${unit}s, uniformly, and the draw stays secret`;
  }
  const { poisson } = sampling;
  const cap = "cap" in poisson && poisson.cap !== undefined ? `, at most ${poisson.cap} of ${poisson.population}` : "";
  const size = "sizePublished" in poisson ? "; how many came up is in the log, and charged" : "";
  return `poisson: a secret coin of probability ${poisson.rate} for each ${unit}${cap}; no topping up${size}`;
}

/** What is drawn, and beside what. */
export function noiseText({ mechanism, noiseMultiplier, clipNorm }: Contract): string {
  return `${mechanism}, multiplier ${noiseMultiplier} of the clip norm${clipNorm === null ? "" : ` ${clipNorm}`}`;
}

export function contractLines(contract: Contract): string[] {
  const { steps } = contract;
  return [
    `unit             one ${contract.unit}`,
    `adjacency        ${contract.adjacency}`,
    `mechanism        ${noiseText(contract)}`,
    `level            ${contract.level}`,
    `sampling         ${contract.sampling}`,
    `rounds charged   ${contract.rounds}${steps === null ? "" : `, of ${steps} steps together`}`,
    `delta            ${contract.delta}`,
    `accountant       ${contract.accountant}`,
    `sees un-noised   ${contract.seesUnnoised}`,
    `not covered      ${contract.notCovered}`,
  ];
}
