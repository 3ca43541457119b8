import { expect, test } from "vitest";
import { gaussian } from "../../core/random/gaussian.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { diagnose } from "../aggregation/diagnostics.ts";
import { aggregateOf, type Setup } from "../aggregation/testing.ts";
import { CLEAN, deservesQuarantine, findingsOf, nextStanding, type Standing } from "./reputation.ts";

const CLASSES = 10;
const FEATURES = 20;
const ROUNDS = 30;
const SETTINGS = { mode: "quarantine", decay: 0.8, threshold: 0.3, minRounds: 3 } as const;

/** Softmax regression by hand: 20 steps of gradient descent on one class's examples. @returns the delta */
function trainOn(label: number, examples: readonly number[][], weights: Float32Array): Float32Array {
  const trained = Float64Array.from(weights);
  for (let step = 0; step < 20; step++) {
    const x = examples[step % examples.length] as number[];
    const logits = Array.from({ length: CLASSES }, (_, c) =>
      x.reduce((sum, v, j) => sum + v * (trained[c * FEATURES + j] as number), 0),
    );
    const highest = Math.max(...logits);
    const exps = logits.map((logit) => Math.exp(logit - highest));
    const total = exps.reduce((a, b) => a + b);
    for (let c = 0; c < CLASSES; c++) {
      const slope = (exps[c] as number) / total - (c === label ? 1 : 0);
      for (let j = 0; j < FEATURES; j++) {
        trained[c * FEATURES + j] = (trained[c * FEATURES + j] as number) - 0.05 * slope * (x[j] as number);
      }
    }
  }
  return Float32Array.from(trained, (value, i) => value - (weights[i] as number));
}

/** One client for each class, and nobody attacks: the standings after each round. */
async function standingsOver(setup: Setup, seed: number): Promise<Standing[][]> {
  const draw = gaussian(seededRandom(new Uint8Array(32).fill(seed)));
  const clients = Array.from({ length: CLASSES }, () => {
    const centre = Array.from({ length: FEATURES }, () => 1 + draw());
    return Array.from({ length: 20 }, () => centre.map((value) => value + 0.5 * draw()));
  });
  let weights = new Float32Array(CLASSES * FEATURES);
  const history: Standing[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const deltas = clients.map((examples, label) => trainOn(label, examples, weights));
    const { values, observations } = await aggregateOf(deltas, { ...setup, observe: true });
    weights = weights.map((value, i) => value + (values[i] as number));
    if (observations === undefined) throw new Error("nothing was observed");
    const f = setup.numByzantine ?? 0;
    const findings = findingsOf(diagnose(observations, f), f);
    const before = history.at(-1);
    history.push(findings.map((found, i) => nextStanding(before?.[i] ?? CLEAN, found, SETTINGS)));
  }
  return history;
}

test.each<Setup>([
  { rule: "TrimmedMean", numByzantine: 3 },
  { rule: "Median", numByzantine: 3 },
  { rule: "MultiKrum", numByzantine: 3 },
  { rule: "GeometricMedian", numByzantine: 3 },
  { rule: "TrimmedMean", preAggregators: ["NNM"], numByzantine: 3 },
  { rule: "Krum", numByzantine: 1 },
])("honest clients of one class each are never put into quarantine: %j", async (setup) => {
  for (const seed of [1, 2]) {
    const history = await standingsOver(setup, seed);
    expect(history.flat().some((standing) => deservesQuarantine(standing, SETTINGS))).toBe(false);
  }
});
