import { type Released, release } from "../coordinator/privacy/release.ts";
import { ZERO_DIGEST } from "../core/ids.ts";
import { boundOf } from "../core/privacy/accountants/accountant.ts";
import { CLIP_NORM, centralSubject, type Release, type Scenario, type Subject } from "./privacy-audit-central.ts";

/** A log-likelihood ratio: the best that any adversary can do with what is released. */
type Score = Scenario["score"];

/** First coordinates in units of what the canary moves: noise of standard deviation z about 0, or about 1 with it. */
const shifts = (unit: number, base: number, released: readonly Released[]) =>
  released.map(({ values }) => ((values[0] as number) - base) / unit);

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** ln N(x; k, z^2)/N(x; 0, z^2). */
export const gaussianRatio = (x: number, z: number, k = 1) => (k * x - (k * k) / 2) / (z * z);

/** ln(1 - q + q e^ratio): the same where the canary takes part by a coin of probability q. */
export const mixedRatio = (ratio: number, q: number) =>
  ratio > 0 ? ratio + Math.log(q + (1 - q) * Math.exp(-ratio)) : Math.log1p(q * Math.expm1(ratio));

const always =
  (z: number, unit: number, base = 0): Score =>
  (released) =>
    sum(shifts(unit, base, released).map((x) => gaussianRatio(x, z)));

const CLIENTS = 10;
const MEAN = CLIP_NORM / CLIENTS;

function everybody(name: string, noiseMultiplier: number, more: object = {}): Scenario {
  const plan = { privacy: { noiseMultiplier, ...more } };
  const score = always(noiseMultiplier, MEAN);
  return { name, plan, numClients: CLIENTS, rounds: 1, canary: [CLIP_NORM, undefined], score };
}

/** Four on each side are trimmed; the canary moves between the values that stay. */
const TRIM = 4;
const KEPT = CLIENTS - 2 * TRIM;

function trimmed(name: string, noiseMultiplier: number, more: object = {}): Scenario {
  const scenario = everybody(name, noiseMultiplier, more);
  const aggregation = { rule: { name: "TrimmedMean" }, numByzantine: TRIM };
  const others = [-1, -1, -1, 0, 0, 1, 1, 1, 1].map((it) => it * CLIP_NORM);
  const score = always(noiseMultiplier, CLIP_NORM / KEPT);
  return { ...scenario, plan: { ...scenario.plan, aggregation }, others, score };
}

/** From a centre between the two updates, each is pulled the other way. */
function centred(): Scenario {
  const noiseMultiplier = 2;
  const tau = CLIP_NORM / 2;
  const scenario = everybody("CenteredClipping", noiseMultiplier);
  const aggregation = { rule: { name: "CenteredClipping", tau }, numByzantine: 2 };
  const [unit, previous] = [(2 * tau) / CLIENTS, tau];
  // the other nine lie at zero, as the canary does when it is away
  const base = previous - tau;
  return { ...scenario, plan: { ...scenario.plan, aggregation }, previous, score: always(noiseMultiplier, unit, base) };
}

const POPULATION = 20;
const RATE = CLIENTS / POPULATION;

function sampled(name: string, cohort: object, score: Score): Scenario {
  const plan = { privacy: { noiseMultiplier: 1 }, cohort };
  return { ...everybody(name, 1), plan, numClients: POPULATION, rounds: 4, score };
}

function poisson(rate = RATE, cap?: number): Scenario {
  const atMost = cap === undefined ? "" : `, at most ${cap} clients`;
  const cohort = { sampling: "poisson", rate, cap };
  const unit = CLIP_NORM / (rate * POPULATION);
  const score: Score = (released) => sum(shifts(unit, 0, released).map((x) => mixedRatio(gaussianRatio(x, 1), rate)));
  return sampled(`coins of ${rate}${atMost}, 4 rounds`, cohort, score);
}

/** One client's update lies at one end of the ball or at the other. */
function fixed(): Scenario {
  const cohort = { sampling: "fixed", size: CLIENTS };
  const score: Score = (released) =>
    sum(
      shifts(MEAN, 0, released).map(
        (x) => mixedRatio(gaussianRatio(x, 1), RATE) - mixedRatio(gaussianRatio(x, 1, -1), RATE),
      ),
    );
  const scenario = sampled(`${CLIENTS} of ${POPULATION} clients, 4 rounds, replace-one`, cohort, score);
  const privacy = { noiseMultiplier: 1, adjacency: "replace-one" };
  return { ...scenario, canary: [CLIP_NORM, -CLIP_NORM], plan: { privacy, cohort } };
}

/** Half of the others are over the clip norm, so that the count lies in the middle of its range. */
function adapting(): Scenario {
  const [noiseMultiplier, countStdDev, learningRate, quantile] = [1, 1, 0.2, 0.5];
  const privacy = { noiseMultiplier, adaptiveClipping: { countStdDev, learningRate, quantile } };
  const others = [0, 0, 0, 0, 0, 2, -2, 2, -2].map((it) => it * CLIP_NORM);
  const ofSum = (noiseMultiplier ** -2 - (2 * countStdDev) ** -2) ** -0.5;
  const score: Score = (released) => {
    const fraction = quantile - Math.log((released[0]?.nextClipNorm ?? 0) / CLIP_NORM) / learningRate;
    const count = (fraction - 0.5) * CLIENTS - 0.5;
    return always(ofSum, MEAN)(released) + gaussianRatio(2 * count, 2 * countStdDev);
  };
  return { ...everybody("adaptive clipping", noiseMultiplier), plan: { privacy }, others, score };
}

const LEAVES = 8;

/** What a tree releases are its nodes of even index: the others are sums of these. */
function tree(name: string, present: readonly number[]): Scenario {
  const noiseMultiplier = 2;
  const limits = { numLeaves: LEAVES, minSeparation: 4, maxParticipations: present.length };
  const score: Score = (released) => {
    const prefix = [0];
    for (const x of shifts(MEAN, 0, released)) prefix.push((prefix.at(-1) as number) + x);
    let ratio = 0;
    for (let size = 1; size <= LEAVES; size *= 2) {
      for (let start = 0; start + size <= LEAVES; start += 2 * size) {
        const participations = present.filter((round) => round > start && round <= start + size).length;
        const x = (prefix[start + size] as number) - (prefix[start] as number);
        ratio += gaussianRatio(x, noiseMultiplier, participations);
      }
    }
    return ratio;
  };
  return { ...everybody(name, noiseMultiplier, { tree: limits }), rounds: LEAVES, present, score };
}

/** What the coordinator claims. */
export function centralSubjects(): Subject[] {
  const production = { level: "production" };
  return [
    everybody("FedAvg", 1),
    everybody("FedAvg, little noise", 0.5),
    everybody("FedAvg, production", 1, production),
    trimmed("TrimmedMean", 1),
    trimmed("TrimmedMean, production", 1, production),
    centred(),
    { ...everybody("FedAvg, 4 rounds", 2), rounds: 4 },
    poisson(),
    poisson(RATE, CLIENTS + 5),
    fixed(),
    adapting(),
    tree("tree of 8 rounds, one participation", [1]),
    tree("tree of 8 rounds, two participations", [1, 5]),
  ].map((scenario) => centralSubject(scenario));
}

/** The mistakes that are made: each has to be found. */
export function brokenSubjects(): Subject[] {
  const rounds = 4;
  const allAsked = centralSubject({ ...everybody("secret coins of 0.1 claimed, everybody asked", 1), rounds });
  return [
    centralSubject(
      everybody("variance taken for standard deviation", 2),
      withStdDev((stdDev) => stdDev ** 2),
    ),
    centralSubject(
      trimmed("TrimmedMean with the noise of the mean", 1),
      withStdDev((stdDev) => (stdDev * KEPT) / CLIENTS),
    ),
    centralSubject(
      { ...everybody("the same noise in two rounds", 2), rounds: 2, present: [1], score: differ },
      (input) => release({ ...input, round: { ...input.round, attempt: { ...input.round.attempt, ...SAME_STREAM } } }),
    ),
    { ...allAsked, claimed: { ...allAsked.claimed, epsilon: epsilonOfCoins(0.1, rounds, allAsked.claimed.delta) } },
  ];
}

/** Of coins whose number nobody learns. */
function epsilonOfCoins(rate: number, times: number, delta: number): number {
  const sampling = { poisson: { rate } };
  const mechanism = { mechanism: "gaussian", noiseMultiplier: 1, adjacency: "zero-out", sampling } as const;
  return boundOf([{ mechanism, times }], delta).epsilon;
}

/** Noise of another standard deviation than the release asked for. */
const withStdDev =
  (change: (stdDev: number) => number): Release =>
  (input) =>
    release({ ...input, noise: { take: (spec) => input.noise.take({ ...spec, stdDev: change(spec.stdDev) }) } });

/** Of which noise is a function, the rest of the attempt being equal. */
const SAME_STREAM = { round: 1, nonce: ZERO_DIGEST };

/** Without the canary both rounds are the same to the bit. */
const differ: Score = (released) => {
  const [first, second] = shifts(MEAN, 0, released) as [number, number];
  return Math.abs(first - second);
};
