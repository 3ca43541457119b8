import { expect, test } from "vitest";
import { sha256 } from "../crypto/sha256.ts";
import { gaussian } from "./gaussian.ts";
import { seededRandom } from "./seeded.ts";

const zeros = new Uint8Array(32);
const NUM_DRAWS = 100_000;

function draw(count: number, seed = zeros): Float64Array {
  const next = gaussian(seededRandom(seed));
  return Float64Array.from({ length: count }, next);
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, it) => sum + it, 0) / values.length;
}

function stdDevOf(values: Float64Array): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, it) => sum + (it - mean) ** 2, 0) / (values.length - 1));
}

test("the bits are those of an independent implementation (Python over openssl's keystream)", () => {
  const draws = draw(400);
  expect([...draws.subarray(0, 4)]).toEqual([
    -0.05611026638642849, -0.8312054365282648, -0.5260682290496512, 0.6602367894291816,
  ]);
  expect(sha256(new Uint8Array(draws.buffer))).toBe("fa5ee9cabae28c95799637582939d0c0951b240dffbd03be50ae57f59f9b6971");
});

test("Kolmogorov-Smirnov: the draws are standard normal", () => {
  const sorted = draw(NUM_DRAWS).sort();
  let distance = 0;
  for (const [i, x] of sorted.entries()) {
    const expected = normalCdf(x);
    distance = Math.max(distance, expected - i / NUM_DRAWS, (i + 1) / NUM_DRAWS - expected);
  }
  // exceeded by chance once in 1,000 seeds; this seed is fixed
  expect(distance).toBeLessThan(1.95 / Math.sqrt(NUM_DRAWS));
});

// a variance taken for a standard deviation shows at 0.5 and 3, not at 1
test.each([0.5, 1, 3])("times %d has that standard deviation", (noiseStdDev) => {
  const noise = draw(NUM_DRAWS, zeros.with(0, 1)).map((it) => noiseStdDev * it);
  const standardError = noiseStdDev / Math.sqrt(2 * NUM_DRAWS);
  expect(Math.abs(stdDevOf(noise) - noiseStdDev)).toBeLessThan(4 * standardError);
  expect(Math.abs(meanOf(noise))).toBeLessThan((4 * noiseStdDev) / Math.sqrt(NUM_DRAWS));
});

test("the two values of a pair, and draws in a row, are uncorrelated", () => {
  const draws = draw(NUM_DRAWS);
  let lagged = 0;
  for (let i = 1; i < NUM_DRAWS; i++) lagged += (draws[i] as number) * (draws[i - 1] as number);
  expect(Math.abs(lagged / NUM_DRAWS)).toBeLessThan(4 / Math.sqrt(NUM_DRAWS));
});

test("a source that answers with the centre or the corner of the square is asked again", () => {
  const answers = [0.5, 0.5, 0, 0, 0.75, 0.5];
  const next = gaussian({ bytes: () => new Uint8Array(), uniform: () => answers.shift() as number });
  // u = 0.5, v = 0: s = 0.25
  expect(next()).toBe(0.5 * Math.sqrt((-2 * Math.log(0.25)) / 0.25));
  expect(next()).toBe(0);
});

/** Abramowitz and Stegun 1964, 7.1.26: error below 1.5e-7. */
function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = 0.5 * series * Math.exp(-z * z);
  return x < 0 ? upper : 1 - upper;
}
