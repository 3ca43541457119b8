import type { Parts } from "../../../coordinator/index.ts";
import type { JobId } from "../../../core/ids.ts";
import type { Contract } from "../../../core/privacy/contract.ts";

/** What a cell spent of its clients' privacy, and what that means: as a deployment of the same plan would be charged. */
export interface Spending {
  /** At the contract's delta, of the client that was charged most. JSON has no infinity. */
  readonly epsilon: number | "infinite";
  readonly contract: Contract;
}

/** By the coordinator's own accounts; undefined without differential privacy. */
export function spendingOf({ jobs }: Pick<Parts, "jobs">, jobId: JobId): Spending | undefined {
  const { job, groups } = jobs.privacy(jobId);
  if (job === null || job.contract === null) return undefined;
  const spent = groups.map((it) => it.spent ?? 0);
  const epsilon = spent.includes("infinite") ? "infinite" : Math.max(0, ...(spent as readonly number[]));
  return { epsilon, contract: job.contract };
}
