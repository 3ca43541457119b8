import { canonicalJson } from "../../core/crypto/canonical-json.ts";
import { FederationError } from "../../core/errors.ts";
import { type Account, boundUnder } from "../../core/privacy/account.ts";
import { type Contract, contractLines } from "../../core/privacy/contract.ts";
import { planContract } from "../../core/privacy/plan-contract.ts";
import { planClaim, roundsCharged } from "../../core/privacy/private-plan.ts";
import { toldEpsilon } from "../../core/privacy/told.ts";
import type { ClientProfile } from "../profile.ts";
import type { AuditedPrivacy } from "./audit-privacy.ts";
import { leastCharge, type OwnJob } from "./own-privacy.ts";

/** Null where no accountant can put a number on it. JSON has no infinity. */
type Epsilon = number | "infinite" | null;

/** What `holdfast client privacy --json` prints. */
export interface PrivacyStatement {
  readonly client: string;
  readonly clientId: string;
  /** Held against every head of the log that this client has kept. */
  readonly verifiedEntries: number;
  /** What the log has charged this client, over all jobs. */
  readonly charges: Account;
  /** One for each kind of promise that a job made. */
  readonly claims: readonly PrivacyClaim[];
  readonly told: readonly {
    readonly job: string;
    readonly jobId: string;
    readonly round: number;
    readonly attempt: number;
    readonly told: { readonly before: Epsilon; readonly after: Epsilon };
    readonly recomputed: { readonly before: Epsilon; readonly after: Epsilon };
  }[];
  readonly withoutPrivacy: readonly string[];
}

interface PrivacyClaim {
  readonly jobs: readonly { readonly job: string; readonly jobId: string }[];
  /** Over all jobs, by the verified log. */
  readonly epsilon: Epsilon;
  readonly maxEpsilon: number;
  /** By this client's own ledger, of updates noised by itself; null under `central`. */
  readonly ownEpsilon: Epsilon;
  readonly contract: Contract;
}

export function privacyStatement(
  audited: AuditedPrivacy,
  { clientName, clientId }: Pick<ClientProfile, "clientName" | "clientId">,
  ownAccount: Account,
): PrivacyStatement {
  return {
    client: clientName,
    clientId,
    verifiedEntries: audited.logSize,
    charges: audited.account,
    claims: byTerms([...audited.jobs.values()]).map((jobs) => claimOf(jobs, audited.account, ownAccount)),
    told: audited.told.map(({ job, round, attempt, toldBefore, toldAfter, before, after }) => ({
      job: job.name,
      jobId: job.jobId,
      round,
      attempt,
      told: { before: finite(toldBefore), after: finite(toldAfter) },
      recomputed: { before: finite(before), after: after === null ? null : finite(after) },
    })),
    withoutPrivacy: audited.withoutPrivacy,
  };
}

/** Jobs whose epsilons mean the same. */
function byTerms(jobs: readonly OwnJob[]): readonly (readonly [OwnJob, ...OwnJob[]])[] {
  const groups = new Map<string, [OwnJob, ...OwnJob[]]>();
  for (const job of jobs) {
    const key = canonicalJson([job.privacy, job.local.steps]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [job]);
    else group.push(job);
  }
  return [...groups.values()];
}

function claimOf(jobs: readonly [OwnJob, ...OwnJob[]], account: Account, ownAccount: Account): PrivacyClaim {
  const [first] = jobs;
  const { privacy } = first;
  const claim = planClaim(privacy);
  const ids = new Set<string>(jobs.map((it) => it.jobId));
  const bound = known(() => boundUnder(account, claim));
  const mechanism = account.findLast((it) => ids.has(it.jobId))?.mechanism ?? leastCharge(first).mechanism;
  const rounds = jobs.reduce((sum, it) => sum + roundsCharged(account, it.jobId, it), 0);
  const own = privacy.mode === "central" ? null : known(() => boundUnder(ownAccount, claim));
  const { delta, accountant = "best" } = claim;
  return {
    jobs: jobs.map(({ name, jobId }) => ({ job: name, jobId })),
    epsilon: bound && finite(bound.epsilon),
    maxEpsilon: privacy.maxEpsilon,
    ownEpsilon: own && finite(own.epsilon),
    contract: planContract(first, mechanism, rounds, { delta, accountant: bound?.accountant ?? accountant }),
  };
}

/** Null for charges that no accountant can add up. */
function known<T>(compute: () => T): T | null {
  try {
    return compute();
  } catch (error) {
    if (error instanceof FederationError && error.code === "PRIVACY_UNSUPPORTED") return null;
    throw error;
  }
}

const finite = (epsilon: number): number | "infinite" => (Number.isFinite(epsilon) ? epsilon : "infinite");

/** The same for people, line by line. */
export function tellStatement({ client, verifiedEntries, claims, told, withoutPrivacy }: PrivacyStatement): string[] {
  const jobsOf = (jobs: PrivacyClaim["jobs"]) => jobs.map((it) => `${it.job} (${it.jobId})`).join(", ");
  return [
    `client           ${client}`,
    `log              ${verifiedEntries} entries, held against every head that this client has kept`,
    ...(claims.length === 0 ? ["epsilon          0: no job with privacy has run over this client"] : []),
    ...claims.flatMap(({ jobs, epsilon, ownEpsilon, maxEpsilon, contract }) => [
      `jobs             ${jobsOf(jobs)}`,
      `epsilon          ${text(epsilon)} by the log, over all jobs; maxEpsilon ${maxEpsilon}`,
      ...(contract.seesUnnoised.startsWith("nobody") ? [`own ledger       ${text(ownEpsilon)}`] : []),
      ...contractLines(contract),
    ]),
    ...told.map((it) => {
      const after = it.recomputed.after === null ? "not charged yet" : text(it.recomputed.after);
      return `told             ${text(it.told.before)} before and ${text(it.told.after)} after round ${it.round} of ${it.job}; the log comes to ${text(it.recomputed.before)} and ${after}`;
    }),
    ...withoutPrivacy.map(
      (job) => `outside          the job ${job} has no privacy: no epsilon covers what it released`,
    ),
  ];
}

function text(epsilon: Epsilon): string {
  if (epsilon === null) return "unknown (no accountant can add up these charges)";
  return typeof epsilon === "number" ? toldEpsilon(epsilon) : epsilon;
}
