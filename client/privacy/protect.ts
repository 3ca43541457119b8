import { canonicalJson } from "../../core/crypto/canonical-json.ts";
import { FederationError, type Refusal } from "../../core/errors.ts";
import type { JobId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { CentralPrivacy } from "../../core/plan-privacy.ts";
import { exampleMechanism, localNoiseStdDev } from "../../core/privacy/client-charge.ts";
import type { Random } from "../../core/random/random.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import type { ExampleMechanism, LocalUpdate } from "../../core/update.ts";
import { clip } from "../../core/vector/clip.ts";
import { withLocalNoise } from "./local-noise.ts";
import type { PrivacyLedger } from "./privacy-ledger.ts";

interface ProtectionParts {
  readonly jobId: JobId;
  readonly ledger: PrivacyLedger;
  /** A cryptographic generator outside of simulations: the noise is as secret as its seed. */
  readonly random: Random;
}

/**
 * From what training gave to what may leave this site under the plan's privacy: clipped, charged, noised, in this
 * order. A refusal of the ledger's charges nothing and lets nothing leave.
 * @throws PRIVACY_UNSUPPORTED when an example-level plan was not trained as it asks; what the ledger throws
 */
export async function protect(
  trained: LocalUpdate,
  plan: Plan,
  { jobId, ledger, random }: ProtectionParts,
): Promise<LocalUpdate | Refusal> {
  const { privacy } = plan;
  switch (privacy.mode) {
    case "none":
      return trained;
    case "central":
      return { ...trained, delta: clip(trained.delta, clientClipNorm(privacy, plan)), numExamples: 0 };
    case "local": {
      const stdDev = localNoiseStdDev(privacy);
      const noised = () => withLocalNoise(trained.delta, privacy.clipNorm, stdDev, seededRandom(random.bytes(32)));
      return (await ledger.charge(jobId, plan)) ?? untold(noised());
    }
    case "example":
      assertTrainedAs(exampleMechanism(privacy, plan.local), trained.examplePrivacy);
      return (await ledger.charge(jobId, plan)) ?? untold(trained.delta);
  }
}

/** A trainer that knows nothing of the mode does not say that it ran it. */
function assertTrainedAs(asked: ExampleMechanism, ran: ExampleMechanism | undefined): void {
  if (ran !== undefined && canonicalJson(ran) === canonicalJson(asked)) return;
  const what = ran === undefined ? "without example-level privacy" : `as ${canonicalJson(ran)}`;
  throw new FederationError("PRIVACY_UNSUPPORTED", `trained ${what}, not as ${canonicalJson(asked)}`);
}

/**
 * Where the clip norm adapts, the coordinator has to see whether the round's norm would let an update through whole, so
 * it is the one who clips; the client keeps to what admission takes. What is not finite becomes zero either way.
 */
function clientClipNorm({ clipNorm, adaptiveClipping }: CentralPrivacy, { aggregation }: Plan): number {
  return adaptiveClipping === undefined ? clipNorm : aggregation.maxNorm;
}

/** The coordinator is whom the noise protects from: not even a digest of figures from the data may reach it. */
function untold(delta: Float32Array): LocalUpdate {
  return { delta, numExamples: 0, metrics: {} };
}
