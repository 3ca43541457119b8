import { z } from "zod";
import { canonicalBytes, canonicalJson } from "../../core/crypto/canonical-json.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import { FederationError } from "../../core/errors.ts";
import { asJobId, type ClientId, type Digest, type JobId } from "../../core/ids.ts";
import { privacySchema } from "../../core/plan-privacy.ts";
import { type Account, withEntry } from "../../core/privacy/account.ts";
import type { Charge } from "../../core/privacy/accountants/accountant.ts";
import type { Mechanism, Sampling } from "../../core/privacy/accountants/mechanism.ts";
import { centralMechanism, treeOf } from "../../core/privacy/central-charge.ts";
import { clientCharge } from "../../core/privacy/client-charge.ts";
import type { PrivateTerms } from "../../core/privacy/private-plan.ts";
import { type AccountReader, accountReader, samplingSchema } from "../../core/privacy/recompute.ts";
import type { TaskKey } from "../transport.ts";

/** A job with privacy that this client is in the population of, as the log has it. */
export interface OwnJob extends PrivateTerms {
  readonly jobId: JobId;
  readonly name: string;
  readonly planSha256: Digest;
}

/** What one client was charged when one of its attempts opened, and with what that attempt was charged itself. */
interface AttemptAccounts {
  readonly before: Account;
  /** Undefined until the attempt is charged. */
  readonly after: Account | undefined;
  /** In a tree that was paid before, this costs more than the round would have (docs/privacy.md). */
  readonly isGivenUp: boolean;
}

/** What a client finds about itself while it walks the log. */
export interface OwnPrivacy {
  readonly account: Account;
  /** In the order of the log. */
  readonly jobs: ReadonlyMap<JobId, OwnJob>;
  /** Names of jobs without privacy over this client: outside every epsilon. */
  readonly withoutPrivacy: readonly string[];
  /** Of the attempts that were asked for; those that never opened are missing. */
  attempt(key: TaskKey): AttemptAccounts | undefined;
  /**
   * The next event's public part. Beside adding up, it holds the log against itself: no release without its charge, and no
   * charge below what the plan and the draw cost.
   * @throws PRIVACY_UNDERSTATED, DATA_FILE_INVALID
   */
  take(event: unknown): void;
}

const ofAttempt = { jobId: z.string(), round: z.int().min(0), attempt: z.int().min(0) };
const plan = z.looseObject({
  job: z.string(),
  privacy: privacySchema,
  local: z.looseObject({ steps: z.int().min(1) }),
});

const ownEvent = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("JobStarted"), jobId: z.string(), population: z.array(z.string()), plan }),
  z.looseObject({ type: z.literal("RoundOpened"), ...ofAttempt, sampling: samplingSchema.default("full") }),
  z.looseObject({
    type: z.literal("ChargeReserved"),
    ...ofAttempt,
    mechanism: z.custom<Mechanism>(),
    times: z.int().min(0).default(1),
    unit: z.enum(["client", "example"]).default("client"),
    clients: z.array(z.string()).optional(),
  }),
  z.looseObject({
    type: z.literal("RoundClosed"),
    ...ofAttempt,
    rows: z.array(z.looseObject({ clientId: z.string() })),
  }),
  z.looseObject({ type: z.literal("VersionCommitted"), ...ofAttempt }),
  z.looseObject({ type: z.literal("RoundAbandoned"), ...ofAttempt }),
]);

type OwnEvent = z.output<typeof ownEvent>;
type EventOf<Type extends OwnEvent["type"]> = Extract<OwnEvent, { type: Type }>;

/** One job, as far as it has been walked. */
interface Walked {
  readonly job: OwnJob;
  opened: EventOf<"RoundOpened"> | undefined;
  /** The newest attempt that was charged to this client. */
  charged: string | undefined;
  readonly paidTrees: Set<number>;
}

/** @param asked attempts whose accounts will be wanted */
export function ownPrivacy(clientId: ClientId, asked: Iterable<TaskKey> = []): OwnPrivacy {
  return new LogWalk(clientId, asked);
}

class LogWalk implements OwnPrivacy {
  readonly jobs = new Map<JobId, OwnJob>();
  readonly withoutPrivacy: string[] = [];
  readonly #clientId: ClientId;
  readonly #reader: AccountReader;
  readonly #walked = new Map<string, Walked>();
  readonly #attempts = new Map<string, AttemptAccounts | undefined>();

  constructor(clientId: ClientId, asked: Iterable<TaskKey>) {
    this.#clientId = clientId;
    this.#reader = accountReader(clientId);
    for (const key of asked) this.#attempts.set(keyOf(key), undefined);
  }

  get account(): Account {
    return this.#reader.account;
  }

  attempt(key: TaskKey): AttemptAccounts | undefined {
    return this.#attempts.get(keyOf(key));
  }

  take(event: unknown): void {
    const own = parsed(event, (jobId) => this.#walked.has(jobId));
    if (own?.type === "JobStarted") this.#started(own);
    else if (own !== undefined) this.#advance(this.#walked.get(own.jobId) as Walked, own);
    this.#reader.take(event);
  }

  #started({ jobId, population, plan }: EventOf<"JobStarted">): void {
    if (!population.includes(this.#clientId)) return;
    const { job: name, privacy, local } = plan;
    if (privacy.mode === "none") return void this.withoutPrivacy.push(name);
    const job = { jobId: asJobId(jobId), name, privacy, local, planSha256: sha256(canonicalBytes(plan)) };
    this.jobs.set(job.jobId, job);
    this.#walked.set(jobId, { job, opened: undefined, charged: undefined, paidTrees: new Set() });
  }

  #advance(it: Walked, event: Exclude<OwnEvent, { type: "JobStarted" }>): void {
    if (event.type === "RoundOpened") this.#opened(it, event);
    else if (event.type === "ChargeReserved") this.#charged(it, event);
    else if (event.type === "RoundAbandoned") this.#givenUp(event);
    else assertCharged(it, event, this.#clientId);
  }

  #opened(it: Walked, event: EventOf<"RoundOpened">): void {
    it.opened = event;
    const key = keyOf(event);
    if (this.#attempts.has(key)) this.#attempts.set(key, { before: this.account, after: undefined, isGivenUp: false });
  }

  #givenUp(event: EventOf<"RoundAbandoned">): void {
    const known = this.#attempts.get(keyOf(event));
    if (known !== undefined) this.#attempts.set(keyOf(event), { ...known, isGivenUp: true });
  }

  #charged(it: Walked, event: EventOf<"ChargeReserved">): void {
    if (event.clients?.includes(this.#clientId) === false) return;
    assertWhole(it, event);
    const { jobId, round, mechanism, times, unit } = event;
    const tree = treeSettings(it.job);
    if (tree !== undefined) it.paidTrees.add(treeOf(tree, round));
    it.charged = keyOf(event);
    const known = this.#attempts.get(it.charged);
    if (known === undefined || known.after !== undefined) return;
    const after = withEntry(known.before, { jobId, mechanism, times, unit });
    this.#attempts.set(it.charged, { ...known, after });
  }
}

const treeSettings = ({ privacy }: OwnJob) => (privacy.mode === "central" ? privacy.tree : undefined);

const keyOf = ({ jobId, round, attempt }: { readonly jobId: string; round: number; attempt: number }) =>
  `${jobId} ${round} ${attempt}`;

const TYPES: ReadonlySet<unknown> = new Set<OwnEvent["type"]>([
  "JobStarted",
  "RoundOpened",
  "ChargeReserved",
  "RoundClosed",
  "VersionCommitted",
  "RoundAbandoned",
]);

/** Undefined for what is of other jobs, or of no job. */
function parsed(event: unknown, isOwn: (jobId: string) => boolean): OwnEvent | undefined {
  const { type, jobId } = (event ?? {}) as { readonly type?: unknown; readonly jobId?: unknown };
  if (!TYPES.has(type) || typeof jobId !== "string" || !(type === "JobStarted" || isOwn(jobId))) return undefined;
  const own = ownEvent.safeParse(event);
  if (own.success) return own.data;
  throw new FederationError("DATA_FILE_INVALID", `${String(type)} of job ${jobId}: ${z.prettifyError(own.error)}`);
}

/** A charge is at least what the plan says, for the draw that the log recorded. */
function assertWhole(
  { job, opened, paidTrees }: Walked,
  { mechanism, times, unit, ...event }: EventOf<"ChargeReserved">,
): void {
  const sampling = opened !== undefined && keyOf(opened) === keyOf(event) ? opened.sampling : "full";
  const { privacy } = job;
  const tree = treeSettings(job);
  const least = leastCharge(job, sampling);
  const isPaid = tree !== undefined && paidTrees.has(treeOf(tree, event.round));
  const isWhole =
    canonicalJson(mechanism) === canonicalJson(least.mechanism) &&
    times >= (isPaid ? 0 : least.times) &&
    unit === (privacy.mode === "example" ? "example" : "client");
  if (isWhole) return;
  throw understated(
    job,
    event,
    `is charged as ${times} x ${canonicalJson(mechanism)}, which is not what its plan costs`,
  );
}

/** What one attempt of a job costs, its cohort drawn like that. */
export function leastCharge(terms: PrivateTerms, sampling: Sampling = "full"): Charge {
  const { privacy } = terms;
  const charge =
    privacy.mode === "central" ? { mechanism: centralMechanism(privacy, sampling), times: 1 } : clientCharge(terms);
  if (charge === undefined) throw new FederationError("INTERNAL", `no charge under mode ${privacy.mode}`);
  return charge;
}

/** What the coordinator released, or counted this client's update in, must have been charged before. */
function assertCharged(
  { job, charged }: Walked,
  event: EventOf<"RoundClosed" | "VersionCommitted">,
  clientId: ClientId,
): void {
  const isCentral = job.privacy.mode === "central";
  const isDue =
    (event.type === "VersionCommitted" && isCentral) ||
    (event.type === "RoundClosed" && !isCentral && event.rows.some((row) => row.clientId === clientId));
  if (isDue && charged !== keyOf(event)) throw understated(job, event, "led to a release that nobody was charged for");
}

function understated({ name }: OwnJob, of: { readonly round: number; readonly attempt: number }, why: string) {
  return new FederationError(
    "PRIVACY_UNDERSTATED",
    `round ${of.round}, attempt ${of.attempt} of the job ${name} ${why}: the log's epsilon would be too small`,
  );
}
