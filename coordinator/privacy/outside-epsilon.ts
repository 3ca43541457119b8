import { FederationError } from "../../core/errors.ts";
import type { ClientId } from "../../core/ids.ts";
import type { JobState } from "../rounds/job-state.ts";

type Job = Pick<JobState, "plan" | "population">;

/**
 * Refuses a job that releases the same people's updates in the other way than a job before it: one without noise, the
 * other under an epsilon. An epsilon covers what is released with noise and nothing else, so beside a job without
 * noise it says less than it seems to, and only whoever writes the plan can know that this is meant (docs/privacy.md).
 * @throws PRIVACY_UNSUPPORTED unless the plan acknowledges it
 */
export function checkOutsideEpsilon(job: Job, others: Iterable<JobState>): void {
  const { mode, acknowledgeOutsideEpsilon } = job.plan.privacy;
  if (acknowledgeOutsideEpsilon === true) return;
  const people = new Set(job.population);
  for (const other of others) {
    if (other.plan.privacy.mode === mode || !hasReleased(other) || !shares(people, other.population)) continue;
    const [unNoised, isPrivate] = mode === "none" ? ["this job", other.plan.job] : [other.plan.job, "this job"];
    throw new FederationError(
      "PRIVACY_UNSUPPORTED",
      `plan: privacy: what ${unNoised} releases of these clients has no noise and is outside the epsilon of ${isPrivate}; ` +
        "accepted: the same mode in both, or acknowledgeOutsideEpsilon: true beside mode in this plan",
    );
  }
}

/** It has released a version, or may still. */
const hasReleased = ({ version, stage }: JobState) => version > 0 || stage.name !== "ended";

const shares = (people: ReadonlySet<ClientId>, population: readonly ClientId[]) =>
  population.some((clientId) => people.has(clientId));
