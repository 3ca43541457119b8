import type { CentralPrivacy } from "../../../core/plan-privacy.ts";
import { localNoiseStdDev } from "../../../core/privacy/client-charge.ts";
import type { PrivatePlan } from "../../../core/privacy/private-plan.ts";
import { pipelineOf } from "../../aggregation/pipeline.ts";
import type { Rule } from "../../aggregation/rule.ts";
import { fedAvg } from "../../aggregation/rules/fed-avg.ts";
import { noiseStdDev } from "../mechanisms/round-noise.ts";
import { expectedCohort } from "../sampling-claim.ts";

/** Noise on a vector, beside the longest update that counts. */
export interface PlanNoise {
  readonly on: "the aggregate" | "each update";
  /** On each coordinate, in the units of the weights. */
  readonly stdDev: number;
  /** Root mean square of the whole: stdDev sqrt(d). */
  readonly length: number;
  /** `length` over the clip norm. */
  readonly timesClipNorm: number;
  /** Of noise on the aggregate: how many times what the same guarantee would take on the mean. */
  readonly timesThatOfMean?: number;
}

/** Undefined where the noise is in every client's training. */
export function noiseOf(plan: PrivatePlan, numClients: number, numCoordinates: number): PlanNoise | undefined {
  const { privacy } = plan;
  const described = (stdDev: number) => {
    const length = stdDev * Math.sqrt(numCoordinates);
    return { stdDev, length, timesClipNorm: length / privacy.clipNorm };
  };
  switch (privacy.mode) {
    case "central": {
      const [stdDev, ofMean] = centralStdDevs(plan, privacy, numClients);
      return { on: "the aggregate", ...described(stdDev), timesThatOfMean: stdDev / ofMean };
    }
    case "local":
      return { on: "each update", ...described(localNoiseStdDev(privacy)) };
    case "example":
      return undefined;
  }
}

/** Of one round; with a tree, of each of its nodes. The grid of level "production" adds next to nothing. */
function centralStdDevs({ aggregation, cohort }: PrivatePlan, privacy: CentralPrivacy, numClients: number) {
  const cohortSize = expectedCohort(cohort, numClients);
  const stdDev = (rule: Rule) => noiseStdDev(privacy, { rule }, cohortSize);
  return [stdDev(pipelineOf(aggregation).rule), stdDev(fedAvg())] as const;
}
