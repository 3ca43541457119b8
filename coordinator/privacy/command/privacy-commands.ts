import { boundOf, type PrivacyBound } from "../../../core/privacy/accountants/accountant.ts";
import { contractLines, contractOf } from "../../../core/privacy/contract.ts";
import { toldEpsilon } from "../../../core/privacy/told.ts";
import type { MechanismOptions } from "../../cli-privacy.ts";
import { leastNoise } from "./least-noise.ts";
import { deltaWarning, invalid, typedCharge, typedDelta } from "./typed-mechanism.ts";

type EpsilonOptions = MechanismOptions & { readonly noiseMultiplier: number };
type CalibrateOptions = MechanismOptions & { readonly epsilon: number };

/** `holdfast privacy epsilon|calibrate`: the accountants by hand. */
export function privacyCommands(print: (line: string) => void, warn: (line: string) => void) {
  const show = (json: boolean, answer: object, lines: readonly string[]) =>
    print(json ? JSON.stringify(answer) : lines.join("\n"));

  return {
    epsilon: (options: EpsilonOptions): void => {
      const { noiseMultiplier, json } = options;
      const { bound, contract } = priced(options, noiseMultiplier, warn);
      const { epsilon, delta, accountant, order } = bound;
      const line = `epsilon          ${toldEpsilon(epsilon)}${orderText(bound)}`;
      show(json, { epsilon, delta, accountant, order: order ?? null, contract }, [line, ...contractLines(contract)]);
    },
    calibrate: (options: CalibrateOptions): void => {
      const { epsilon: target, accountant: name, json } = options;
      if (!(target > 0)) throw invalid(`--epsilon ${target}: must be above 0`);
      const epsilonAt = (z: number) => boundOf([typedCharge(options, z)], typedDelta(options), name).epsilon;
      const noiseMultiplier = leastNoise(epsilonAt, target);
      const { bound, contract } = priced(options, noiseMultiplier, warn);
      const { epsilon, delta, accountant } = bound;
      const lines = [`noise multiplier ${noiseMultiplier}`, `epsilon          ${toldEpsilon(epsilon)}`];
      show(json, { noiseMultiplier, epsilon, delta, accountant, contract }, [...lines, ...contractLines(contract)]);
    },
  };
}

function orderText({ order, isAtEdge }: PrivacyBound): string {
  if (order === undefined) return "";
  return isAtEdge ? ` (order ${order}, the first or last that is tried: more might prove less)` : ` (order ${order})`;
}

/** What was typed and what it means; warns of a delta that promises next to nothing. */
function priced(options: MechanismOptions, noiseMultiplier: number, warn: (line: string) => void) {
  const charge = typedCharge(options, noiseMultiplier);
  const delta = typedDelta(options);
  const bound = boundOf([charge], delta, options.accountant);
  const { population, rounds } = options;
  if (population !== undefined && delta > 1 / population) {
    warn(deltaWarning(delta, population));
  }
  const noise = { clipNorm: null, noiseMultiplier, level: "unknown" } as const;
  return { bound, contract: contractOf(charge.mechanism, noise, rounds, bound) };
}
