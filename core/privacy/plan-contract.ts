import type { CentralPrivacy } from "../plan-privacy.ts";
import type { AccountantName } from "./accountants/accountant.ts";
import type { Mechanism } from "./accountants/mechanism.ts";
import { type Contract, contractOf } from "./contract.ts";
import type { PrivateTerms } from "./private-plan.ts";

interface Bound {
  readonly delta: number;
  readonly accountant: AccountantName;
}

/** The contract of so many rounds of a plan, each of which uses the mechanism that an attempt is charged for. */
export function planContract(
  { privacy, local }: PrivateTerms,
  mechanism: Mechanism,
  rounds: number,
  bound: Bound,
): Contract {
  switch (privacy.mode) {
    case "central":
      return centralContract(privacy, mechanism, rounds, bound);
    case "local": {
      // two clipped updates lie up to two clip norms apart
      const { clipNorm } = privacy;
      const noise = { clipNorm, noiseMultiplier: 2 * mechanism.noiseMultiplier, level: "research" } as const;
      return {
        ...contractOf(mechanism, noise, rounds, bound),
        mechanism: "Gaussian noise on each client's own update",
        sampling: "full: a client that is asked in every round; nothing is amplified",
        seesUnnoised: "nobody but the client; that it adds the noise is attested, not enforced",
      };
    }
    case "example":
      return {
        ...contractOf(mechanism, { ...privacy, level: "research" }, rounds, bound),
        unit: "example",
        adjacency: "zero-out: one example of one client is left out",
        mechanism: "Gaussian noise on the clipped gradients of each batch",
        sampling: `poisson: a coin of probability ${privacy.sampleRate} for each example in each of ${local.steps} steps a round`,
        steps: rounds * local.steps,
        seesUnnoised: "nobody but the client; that it adds the noise is attested, not enforced",
      };
  }
}

function centralContract(
  { clipNorm, noiseMultiplier, level = "research", adaptiveClipping }: CentralPrivacy,
  mechanism: Mechanism,
  rounds: number,
  bound: Bound,
): Contract {
  const contract = contractOf(mechanism, { clipNorm, noiseMultiplier, level }, rounds, bound);
  if (adaptiveClipping === undefined) return contract;
  const what =
    "Gaussian noise on the aggregate and on the count by which the clip norm adapts, from the one named here";
  return { ...contract, mechanism: what };
}
