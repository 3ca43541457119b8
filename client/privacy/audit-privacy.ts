import { FederationError } from "../../core/errors.ts";
import type { JobId } from "../../core/ids.ts";
import { type Account, boundUnder } from "../../core/privacy/account.ts";
import { planClaim } from "../../core/privacy/private-plan.ts";
import type { TaskStatement } from "../../core/statements.ts";
import type { Heads } from "../heads.ts";
import type { ClientProfile } from "../profile.ts";
import type { Session } from "../transport.ts";
import { auditLog } from "./log-audit.ts";
import { type OwnJob, type OwnPrivacy, ownPrivacy } from "./own-privacy.ts";

interface AuditParts {
  readonly profile: Pick<ClientProfile, "clientId">;
  readonly heads: Heads;
  /** The newest task of each job that said what privacy has cost (told-tasks.ts). */
  readonly told: ReadonlyMap<JobId, TaskStatement>;
}

export interface AuditedPrivacy extends Pick<OwnPrivacy, "account" | "jobs" | "withoutPrivacy"> {
  /** Entries of the log, all verified. */
  readonly logSize: number;
  readonly told: readonly HeldTask[];
}

/** What a task said, and what the log comes to at that moment. */
interface HeldTask {
  readonly job: OwnJob;
  readonly round: number;
  readonly attempt: number;
  readonly toldBefore: number;
  readonly toldAfter: number;
  readonly before: number;
  /** Null while the attempt has not been charged. */
  readonly after: number | null;
}

/**
 * Recomputes what this client's privacy has cost from the coordinator's whole log, verified against the newest head and
 * every older one that this client has kept, and holds it against what the coordinator told in its tasks.
 * @throws LOG_FORKED, PRIVACY_UNDERSTATED, DATA_FILE_INVALID; PRIVACY_UNSUPPORTED for what no accountant can add up
 */
export async function auditPrivacy(
  session: Session,
  { profile, heads, told }: AuditParts,
  signal: AbortSignal,
): Promise<AuditedPrivacy> {
  const kept = heads.newest;
  await heads.opened(session.head);
  const signed = [kept, heads.newest].filter((it) => it !== undefined);
  const own = ownPrivacy(profile.clientId, told.values());
  const logSize = await auditLog(session, signed, (event) => own.take(event), signal);
  const { account, jobs, withoutPrivacy } = own;
  return { account, jobs, withoutPrivacy, logSize, told: Array.from(told.values(), (task) => held(task, own)) };
}

function held(task: TaskStatement, own: OwnPrivacy): HeldTask {
  const { jobId, round, attempt, planSha256, epsilonBefore, epsilonAfter } = task;
  const job = own.jobs.get(jobId);
  const accounts = own.attempt(task);
  if (job === undefined || accounts === undefined || job.planSha256 !== planSha256) {
    const what = `round ${round}, attempt ${attempt} of job ${jobId} under the plan ${planSha256}`;
    throw new FederationError("LOG_FORKED", `the coordinator asked for ${what}, of which its log has nothing`);
  }
  const epsilonOf = (account: Account) => boundUnder(account, planClaim(job.privacy)).epsilon;
  const before = epsilonOf(accounts.before);
  const after = accounts.after === undefined ? null : epsilonOf(accounts.after);
  // JSON has no infinity
  const [toldBefore, toldAfter] = [epsilonBefore ?? Infinity, epsilonAfter ?? Infinity];
  assertTold(job, task, toldBefore, before, "before");
  if (after !== null && !accounts.isGivenUp) assertTold(job, task, toldAfter, after, "after");
  return { job, round, attempt, toldBefore, toldAfter, before, after };
}

/** The last digit that people are told: what two machines may differ by is less. */
const TOLERANCE = 1e-4;

function assertTold({ name }: OwnJob, task: TaskStatement, told: number, recomputed: number, when: string): void {
  if (told >= recomputed * (1 - TOLERANCE)) return;
  throw new FederationError(
    "PRIVACY_UNDERSTATED",
    `the coordinator signed that epsilon is ${told} ${when} round ${task.round} of the job ${name}; ` +
      `the charges in its log come to ${recomputed}`,
  );
}
