import { canonicalJson } from "../../core/crypto/canonical-json.ts";
import type { ClientId, Digest, FederationId, JobId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { Account, Entry } from "../../core/privacy/account.ts";
import type { Mechanism } from "../../core/privacy/accountants/mechanism.ts";
import type { Contract } from "../../core/privacy/contract.ts";
import { planContract } from "../../core/privacy/plan-contract.ts";
import { isPrivate, planClaim, roundsCharged } from "../../core/privacy/private-plan.ts";
import type { Administrator, Administrators } from "../administration/administrators.ts";
import type { ChangeStatement } from "../administration/change.ts";
import type { AttemptCharge } from "../rounds/events.ts";
import type { Ceiling, Ceilings, Scope } from "./ceilings.ts";
import type { Accounts, ChargeBook } from "./charge-book.ts";
import { remembered } from "./epsilons.ts";

/** What clients were charged, and what may still be charged. Plain data: its JSON is what `holdfast privacy show --json` prints. */
export interface PrivacyReport {
  /** The job it is seen from; null where it is of all clients. */
  readonly job: ReportedJob | null;
  /** Clients that were charged alike, and are under the same ceilings, in one. */
  readonly groups: readonly ReportedGroup[];
  readonly ceilings: readonly (Ceiling & { readonly clients: string })[];
  readonly administrators: readonly Administrator[];
  /** What waits for a second administrator. */
  readonly proposals: readonly {
    readonly changeId: Digest;
    readonly statement: ChangeStatement;
    readonly proposedBy: string;
  }[];
  /** What the next change is to be signed with. */
  readonly federationId: FederationId;
  readonly sequence: number;
}

/** JSON has no infinity. */
type Epsilon = number | "infinite";

interface ReportedJob {
  readonly jobId: JobId;
  readonly name: string;
  readonly mode: Plan["privacy"]["mode"];
  readonly maxEpsilon: number | null;
  /** What the epsilons below say; null without privacy. */
  readonly contract: Contract | null;
}

interface ReportedGroup {
  readonly clients: readonly string[];
  /** In the job's own terms, over all jobs; null where it has none. */
  readonly spent: Epsilon | null;
  readonly left: number | null;
  /** Null where no next round will be charged. */
  readonly afterNext: Epsilon | null;
  readonly ceilings: readonly {
    readonly maxEpsilon: number;
    readonly delta: number;
    readonly adjacency: Ceiling["adjacency"];
    readonly spent: Epsilon;
    readonly left: number;
  }[];
  readonly charges: readonly {
    readonly jobId: string;
    readonly job: string;
    readonly unit: Entry["unit"];
    readonly mechanism: Mechanism;
    readonly times: number;
  }[];
}

export interface ReportParts {
  readonly federationId: FederationId;
  readonly book: ChargeBook;
  readonly administrators: Administrators;
  nameOf(clientId: ClientId): string;
  jobName(jobId: string): string;
}

export interface SeenFrom {
  readonly jobId: JobId;
  readonly plan: Plan;
  /** What the next attempt would cost, where there is one. */
  readonly next: AttemptCharge | undefined;
  /** What an attempt of this plan costs. */
  readonly planned: AttemptCharge | undefined;
}

/** @param from a job, whose population it is then of; otherwise of `clients` */
export function privacyReport(from: SeenFrom | readonly ClientId[], parts: ReportParts): PrivacyReport {
  const { book, administrators, federationId } = parts;
  const { ceilings } = administrators;
  const job = "jobId" in from ? from : undefined;
  const accounts = "jobId" in from ? book.accounts(from.jobId) : book.accountsOf(from);
  const inTermsOfJob = spendingOf(job, book);
  const nameOf = (scope: Scope) => (scope === "everyone" ? scope : parts.nameOf(scope));
  return {
    job: job === undefined ? null : reportedJob(job, accounts),
    groups: groupsOf(accounts, ceilings).map(({ ids, account }) => ({
      clients: ids.map(nameOf).sort(),
      ...inTermsOfJob(ids[0], account),
      ceilings: ceilings.over(ids[0]).map((ceiling) => underCeiling(ceiling, ceilings.spent(ceiling, account))),
      charges: account.map((entry) => ({ ...entry, job: parts.jobName(entry.jobId) })),
    })),
    ceilings: ceilings.all().map(([scope, ceiling]) => ({ clients: nameOf(scope), ...ceiling })),
    administrators: administrators.list(),
    proposals: administrators.proposals().map(({ changeId, statement, approval }) => {
      const proposedBy = administrators.list().find((it) => it.publicKey === approval.administrator)?.name ?? "";
      return { changeId, statement, proposedBy };
    }),
    federationId,
    sequence: administrators.sequence,
  };
}

function reportedJob({ jobId, plan, planned }: SeenFrom, accounts: Accounts): ReportedJob {
  const of = { jobId, name: plan.job, mode: plan.privacy.mode };
  if (!isPrivate(plan) || planned === undefined) return { ...of, maxEpsilon: null, contract: null };
  const { delta, accountant = "best" } = planClaim(plan.privacy);
  const rounds = Math.max(0, ...[...accounts.values()].map((account) => roundsCharged(account, jobId, plan)));
  const contract = planContract(plan, planned.mechanism, rounds, { delta, accountant });
  return { ...of, maxEpsilon: plan.privacy.maxEpsilon, contract };
}

interface Group {
  readonly ids: readonly [ClientId, ...ClientId[]];
  readonly account: Account;
}

/** Clients with equal accounts and ceilings of their own. */
function groupsOf(accounts: Accounts, ceilings: Ceilings): readonly Group[] {
  const groups = new Map<string, { ids: [ClientId, ...ClientId[]]; account: Account }>();
  for (const [id, account] of accounts) {
    const key = canonicalJson([account, ceilings.of(id) ?? null]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ids: [id], account });
    else group.ids.push(id);
  }
  return [...groups.values()];
}

type Spending = Pick<ReportedGroup, "spent" | "left" | "afterNext">;

/** What an account comes to in the terms of the job's plan. */
function spendingOf(job: SeenFrom | undefined, book: ChargeBook): (id: ClientId, account: Account) => Spending {
  if (job === undefined || !isPrivate(job.plan)) return () => ({ spent: null, left: null, afterNext: null });
  const { maxEpsilon } = job.plan.privacy;
  const epsilonOf = remembered(planClaim(job.plan.privacy));
  const after = job.next === undefined ? undefined : book.accounts(job.jobId, job.next);
  return (id, account) => {
    const spent = epsilonOf(account);
    const next = after?.get(id);
    return {
      spent: told(spent),
      left: rest(maxEpsilon, spent),
      afterNext: next === undefined ? null : told(epsilonOf(next)),
    };
  };
}

function underCeiling({ maxEpsilon, delta, adjacency }: Ceiling, spent: number) {
  return { maxEpsilon, delta, adjacency, spent: told(spent), left: rest(maxEpsilon, spent) };
}

const told = (epsilon: number): Epsilon => (Number.isFinite(epsilon) ? epsilon : "infinite");

/** Epsilons do not add up, so this is how far away the limit is, not what another job may cost. */
const rest = (limit: number, spent: number): number => Math.max(0, limit - spent);
