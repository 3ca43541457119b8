import { withLocalNoise } from "../client/privacy/local-noise.ts";
import { floatDataset } from "../core/data/dataset.ts";
import { startBackend } from "../core/model/backends.ts";
import { trainPrivately } from "../core/model/dp-sgd.ts";
import { openNetwork } from "../core/model/network.ts";
import { planSchema } from "../core/plan.ts";
import type { ExamplePrivacy, LocalPrivacy } from "../core/plan-privacy.ts";
import { boundOf, type Charge } from "../core/privacy/accountants/accountant.ts";
import { clientCharge, exampleMechanism, localNoiseStdDev } from "../core/privacy/client-charge.ts";
import { secureRandom } from "../core/random/secure.ts";
import { seededRandom } from "../core/random/seeded.ts";
import type { Subject } from "./privacy-audit-central.ts";
import { gaussianRatio, mixedRatio } from "./privacy-audit-scenarios.ts";

const DELTA = 1e-5;

/** What clients claim of noise of their own. */
export async function clientSubjects(): Promise<Subject[]> {
  return [localSubject(), await exampleSubject()];
}

const planWith = (privacy: object, steps = 1) =>
  planSchema.parse({
    job: "audit",
    rounds: 1,
    model: MODEL,
    round: { quorum: 1, minUpdates: 1 },
    local: { steps, learningRate: 1 },
    aggregation: { rule: { name: "FedAvg" }, numByzantine: 0 },
    privacy: { clipNorm: 1, delta: DELTA, maxEpsilon: 1e6, ...privacy },
  });

function claimedBy(plan: ReturnType<typeof planWith>) {
  return { epsilon: boundOf([clientCharge(plan) as Charge], DELTA).epsilon, delta: DELTA };
}

/** Any two updates are neighbours: the ends of the ball are told apart. */
function localSubject(): Subject {
  const plan = planWith({ mode: "local", epsilon: 4 });
  const { clipNorm, ...privacy } = plan.privacy as LocalPrivacy;
  const stdDev = localNoiseStdDev({ clipNorm, ...privacy });
  return {
    name: "a client's own noise on its update",
    claimed: claimedBy(plan),
    score: async (withCanary) => {
      const update = Float32Array.of(withCanary ? clipNorm : -clipNorm, 0, 0, 0);
      const [first] = withLocalNoise(update, clipNorm, stdDev, seededRandom(secureRandom.bytes(32)));
      return gaussianRatio(((first as number) / clipNorm + 1) / 2, stdDev / (2 * clipNorm));
    },
  };
}

const MODEL = { builtin: "softmax", inputs: 2, classes: 2, bias: false } as const;
const EXAMPLES = 10;

/** Of all examples the canary alone has inputs, so large that its gradient is clipped. Every step is seen. */
async function exampleSubject(): Promise<Subject> {
  const plan = planWith({ mode: "example", noiseMultiplier: 1, sampleRate: 0.5 }, 4);
  const { clipNorm, noiseMultiplier, sampleRate, ...privacy } = plan.privacy as ExamplePrivacy;
  const { steps, ...mechanism } = exampleMechanism({ clipNorm, noiseMultiplier, sampleRate, ...privacy }, plan.local);
  await startBackend();
  const network = await openNetwork(MODEL, undefined);
  const dataset = (first: number) => {
    const inputs = new Float32Array(2 * EXAMPLES);
    inputs[0] = first;
    return floatDataset(inputs, new Uint8Array(EXAMPLES), [2]);
  };
  const [there, away] = [dataset(1e3), dataset(0)];
  const run = { local: plan.local, random: secureRandom, signal: new AbortController().signal };
  return {
    name: `DP-SGD, ${steps} steps`,
    claimed: claimedBy(plan),
    score: async (withCanary) => {
      let ratio = 0;
      for (let step = 0; step < steps; step++) {
        network.setWeights(new Float32Array(4));
        await trainPrivately(network, withCanary ? there : away, { ...run, mechanism: { ...mechanism, steps: 1 } });
        const [a, b] = network.weights() as unknown as [number, number];
        // the clipped gradient is (-1, 1)/sqrt(2) times the clip norm, and a step goes against it
        const shift = ((a - b) / Math.SQRT2 / clipNorm) * sampleRate * EXAMPLES;
        ratio += mixedRatio(gaussianRatio(shift, noiseMultiplier), sampleRate);
      }
      return ratio;
    },
  };
}
