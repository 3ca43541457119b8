import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { shiftedMean, undetectableZ } from "./a-little-is-enough.ts";
import { flippedSigns } from "./sign-flipping.ts";

interface Golden {
  readonly index: number;
  readonly source_repo: string;
  readonly name: string;
  readonly params: Readonly<Record<string, number>>;
  readonly input: readonly (readonly number[])[];
  readonly output: number | readonly number[];
  readonly tolerance: number;
}

const { entries } = JSON.parse(readFileSync("tests/golden/attacks.json", "utf8")) as { entries: readonly Golden[] };

/** What ours says for a golden entry. References that add z * sigma are ours with -z. */
function ours({ name, params, input }: Golden): number | Float32Array {
  const rows = input.map((row) => Float32Array.from(row));
  const mean = shiftedMean(rows, 0);
  const { n = 0, m = 0 } = params;
  switch (name) {
    case "SignFlipping":
      return flippedSigns(mean, 1);
    case "SignFlipAttack":
      return flippedSigns(mean, -(params["scale"] as number));
    case "ALittleIsEnough":
      return shiftedMean(rows, -(params["tau"] as number));
    case "lie_attack":
      return shiftedMean(rows, -(params["z"] as number));
    case "ALittleIsEnoughAttack":
      return shiftedMean(rows, undetectableZ(n, m));
    case "ALIE z_max":
      return undetectableZ(n, m);
    default:
      throw new Error(`no formula for ${name}`);
  }
}

describe("attack formulas match other implementations", () => {
  test.each(entries)("$index $source_repo $name $params", (golden) => {
    const actual = ours(golden);
    if (typeof actual === "number") {
      expect(Math.abs(actual - Number(golden.output))).toBeLessThanOrEqual(golden.tolerance);
      return;
    }
    const largest = Math.max(...golden.input.flat().map(Math.abs));
    const expected = golden.output as readonly number[];
    expect(actual).toHaveLength(expected.length);
    // Deltas are float32, so the reference's float64 tolerance is met up to that storage.
    const tolerance = Math.max(golden.tolerance, 1e-6 * largest);
    expected.forEach((value, k) => {
      expect(Math.abs((actual[k] as number) - value)).toBeLessThanOrEqual(tolerance);
    });
  });
});
