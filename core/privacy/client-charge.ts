import { FederationError } from "../errors.ts";
import type { LocalTraining, Plan } from "../plan.ts";
import type { ExamplePrivacy, LocalPrivacy } from "../plan-privacy.ts";
import type { ExampleMechanism } from "../update.ts";
import type { Claim } from "./account.ts";
import type { Charge } from "./accountants/accountant.ts";
import { gaussianNoiseMultiplier } from "./accountants/analytic-gaussian.ts";

/** What of a plan decides about a client's own noise. */
interface TermsOfPlan {
  readonly privacy: Plan["privacy"];
  readonly local: Pick<LocalTraining, "steps">;
}

/**
 * What one update costs the client that makes it, where the noise is the client's own; undefined under other modes.
 *
 * `local`: any two updates are neighbours, and two vectors of norm C lie 2C apart; the least noise that keeps epsilon at
 * delta is that of Balle and Wang (2018). The statement is about the client. `example`: one use of the sampled Gaussian
 * for each local step (Abadi et al. 2016, "Deep learning with differential privacy"), a neighbour being the same data
 * with the gradients of one example zeroed. The statement is about one example of this client; over clients whose data
 * are disjoint it is the largest, not the sum.
 * @throws PRIVACY_UNSUPPORTED where no finite noise keeps the promise
 */
export function clientCharge({ privacy, local }: TermsOfPlan): Charge | undefined {
  switch (privacy.mode) {
    case "none":
    case "central":
      return undefined;
    case "local":
      return {
        mechanism: {
          mechanism: "gaussian",
          noiseMultiplier: localNoiseMultiplier(privacy),
          adjacency: "replace-one",
          sampling: "full",
        },
        times: 1,
      };
    case "example": {
      const { noiseMultiplier, sampleRate: rate } = privacy;
      const sampling = rate === 1 ? "full" : { poisson: { rate } };
      return {
        mechanism: { mechanism: "gaussian", noiseMultiplier, adjacency: "zero-out", sampling },
        times: local.steps,
      };
    }
  }
}

/** What the epsilon of such a plan says. Local noise and what clients attest have one adjacency each. */
export function clientClaim({ mode, delta }: LocalPrivacy | ExamplePrivacy): Claim {
  return mode === "local"
    ? { unit: "client", adjacency: "replace-one", delta }
    : { unit: "example", adjacency: "zero-out", delta };
}

/** Standard deviation of the noise that a client adds to each coordinate of its clipped update. */
export function localNoiseStdDev(privacy: LocalPrivacy): number {
  return localNoiseMultiplier(privacy) * 2 * privacy.clipNorm;
}

/** What the computed delta may be off by; near epsilon 0 the multiplier is off by as large a part as delta is. */
const DELTA_ERROR = 1e-13;

/** A little more than the least, so that the epsilon computed back from it is not above the one asked for. */
function localNoiseMultiplier({ epsilon, delta }: LocalPrivacy): number {
  const noiseMultiplier = gaussianNoiseMultiplier(epsilon, delta) * (1 + DELTA_ERROR / delta);
  if (Number.isFinite(noiseMultiplier)) return noiseMultiplier;
  throw new FederationError("PRIVACY_UNSUPPORTED", `no noise keeps epsilon ${epsilon} at delta ${delta}`);
}

/** What DP-SGD has to run under a plan. */
export function exampleMechanism(privacy: ExamplePrivacy, { steps }: Pick<LocalTraining, "steps">): ExampleMechanism {
  const { clipNorm, noiseMultiplier, sampleRate } = privacy;
  return { clipNorm, noiseMultiplier, sampleRate, steps };
}
