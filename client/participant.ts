import type { Logger } from "pino";
import type { Clock } from "../core/clock.ts";
import { sha256 } from "../core/crypto/sha256.ts";
import type { SigningKey } from "../core/crypto/sign.ts";
import { ERROR_CATALOG, FederationError, isRefusal, type Refusal, refuse } from "../core/errors.ts";
import type { Digest, JobId } from "../core/ids.ts";
import { claimDigest } from "../core/privacy/claim.ts";
import type { Random } from "../core/random/random.ts";
import type { SignedTask, TaskStatement } from "../core/statements.ts";
import type { SignedUpdate } from "../core/update.ts";
import { type Assignment, type Assignments, assignments } from "./assignments.ts";
import { type Connection, connection } from "./connection.ts";
import { type CoordinatorVerifier, coordinatorVerifier } from "./coordinator-verifier.ts";
import { deliver } from "./delivery.ts";
import { fetchBaseModel, type JobTerms, termsOf } from "./fetch-task.ts";
import type { Heads } from "./heads.ts";
import type { Outbox } from "./outbox.ts";
import { objection, type Policy } from "./policy.ts";
import type { PrivacyLedger } from "./privacy/privacy-ledger.ts";
import { protect } from "./privacy/protect.ts";
import type { ClientProfile } from "./profile.ts";
import type { Receipts } from "./receipts.ts";
import { signUpdate } from "./sign-update.ts";
import { train } from "./train-task.ts";
import type { Trainer } from "./training/trainer.ts";
import type { ControlMessage, Session, TaskKey, Transport } from "./transport.ts";
import type { Wait } from "./wait.ts";

/** All a participant touches of the world. An attack decorates one of them. */
export interface ParticipantParts {
  readonly profile: ClientProfile;
  readonly signer: SigningKey;
  readonly transport: Transport;
  readonly trainer: Trainer;
  readonly policy: Policy;
  readonly ledger: PrivacyLedger;
  readonly outbox: Outbox;
  readonly heads: Heads;
  readonly receipts: Receipts;
  readonly clock: Clock;
  readonly random: Random;
  readonly wait: Wait;
  readonly log: Logger;
  /** Of what was fetched; participants of one process that are handed the very same bytes may have them hashed once. */
  readonly digestOf?: (bytes: Uint8Array) => Digest;
}

export interface Participant {
  /**
   * Takes part in every round it is asked to, one at a time, until the signal aborts. Connections that break are
   * made again; what was trained meanwhile is not lost.
   * @throws the coordinator's refusal when there is no way back: CLIENT_REVOKED, KEY_EPOCH_STALE ...; LOG_FORKED
   */
  run(signal: AbortSignal): Promise<void>;
}

export function participant(parts: ParticipantParts): Participant {
  return new FederatedParticipant(parts);
}

/** An update of a job that has not run for a week will not be asked for again. */
const JOB_MAY_RETURN_MS = 7 * 86_400_000;

/** Two loops: one listens to the coordinator, the other works through what it asks. */
class FederatedParticipant implements Participant {
  readonly #parts: ParticipantParts;
  readonly #coordinator: CoordinatorVerifier;
  readonly #connection: Connection;
  readonly #assignments: Assignments;
  /** Of the task before: the rounds of a job share them. */
  #terms: JobTerms | undefined;
  /** Per job the update that was refused because the job did not run: asked again, the client sends it again. */
  readonly #unheard = new Map<JobId, SignedUpdate>();

  constructor(parts: ParticipantParts) {
    this.#parts = parts;
    this.#coordinator = coordinatorVerifier(parts.profile);
    this.#connection = connection(parts);
    this.#assignments = assignments(parts.wait);
  }

  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const until = AbortSignal.any([signal, ended.signal]);
    until.addEventListener("abort", () => this.#assignments.dropAll("this client stops"), {
      once: true,
    });

    const leftOver = await this.#parts.outbox.unanswered();
    for (const { header } of leftOver) this.#assignments.markAnswered(header);
    const loops = [
      this.#connection.keepOpen((message, session) => this.#listen(message, session), until),
      this.#work(leftOver, until),
    ];
    try {
      await Promise.all(loops);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      ended.abort();
      await Promise.allSettled(loops);
      await this.#save();
    }
  }

  /** What is written once in a while is written now. */
  async #save(): Promise<void> {
    const { heads, receipts, outbox, log } = this.#parts;
    const or = (what: string) => (error: unknown) => log.error({ err: error }, what);
    await heads.save().catch(or("the newest head of the coordinator's log is not saved"));
    await receipts.save().catch(or("the last receipts are not saved"));
    await outbox.close().catch(or("the outbox is not closed"));
  }

  async #work(leftOver: readonly SignedUpdate[], signal: AbortSignal): Promise<void> {
    for (const update of leftOver) await this.#deliver(update, { mayHaveArrived: true, signal });
    for (;;) {
      const assignment = await this.#assignments.next(signal);
      const unheard = await this.#takeUnheard(assignment.task);
      const answer = unheard ?? (await this.#answer(assignment).catch(asRefusal));
      if (isRefusal(answer)) await this.#decline(assignment, answer, signal);
      else await this.#deliver(answer, { mayHaveArrived: unheard !== undefined, signal });
    }
  }

  /** The update to this very task, if it was not heard; one to an older task of the job is of no use any more. */
  async #takeUnheard({ jobId, serverNonce }: TaskStatement): Promise<SignedUpdate | undefined> {
    const update = this.#unheard.get(jobId);
    if (update?.header.serverNonce === serverNonce) {
      this.#unheard.delete(jobId);
      return update;
    }
    await this.#forgetUnheard(jobId);
    return undefined;
  }

  async #forgetUnheard(jobId: JobId): Promise<void> {
    const update = this.#unheard.get(jobId);
    this.#unheard.delete(jobId);
    if (update !== undefined) await this.#parts.outbox.answered(update.updateId);
  }

  /** One model update on this side of the wire: from the task to signed bytes on disk, ready to leave. */
  async #answer({ task, signal }: Assignment): Promise<SignedUpdate | Refusal> {
    const { policy, trainer, ledger, random, outbox, signer, clock, digestOf = sha256 } = this.#parts;
    const { keyEpoch } = this.#parts.profile;
    const fetch = (digest: Digest) => this.#connection.request((session) => session.fetch(digest, signal), signal);
    const source = { fetch, digestOf };

    const terms = await termsOf(task, this.#terms, source);
    this.#terms = terms;
    const { plan } = terms;
    const refusal = objection(policy, task, plan) ?? ledger.objection(plan);
    if (refusal !== undefined) return refusal;
    await this.#connection.request((session) => session.accept(attemptOf(task)), signal);

    const baseModel = await fetchBaseModel(task, terms.schema, source);
    const trained = await train(trainer, task, terms, { baseModel, signal, progress: this.#progressOf(task) });
    const local = await protect(trained, plan, { jobId: task.jobId, ledger, random });
    if (isRefusal(local)) return local;

    const clientSeq = await outbox.nextSequence(task.jobId);
    const [issuedAtMs, dpClaimSha256] = [clock.nowMs(), claimDigest(plan)];
    return await outbox.keep(signUpdate(local, { task, keyEpoch, clientSeq, issuedAtMs, dpClaimSha256, signer }));
  }

  async #deliver(update: SignedUpdate, how: { mayHaveArrived: boolean; signal: AbortSignal }): Promise<void> {
    const { outbox, heads, receipts, clock, log } = this.#parts;
    const parts = { connection: this.#connection, coordinator: this.#coordinator, outbox, heads, receipts, log };
    const outcome = await deliver(update, parts, how);
    if (outcome !== "job unknown") return;
    const { jobId, issuedAtMs } = update.header;
    await this.#forgetUnheard(jobId);
    this.#assignments.drop(update.header, "its job is not running");
    if (clock.nowMs() - issuedAtMs < JOB_MAY_RETURN_MS) this.#unheard.set(jobId, update);
    else await outbox.answered(update.updateId);
  }

  async #decline({ task, signal }: Assignment, refusal: Refusal, stop: AbortSignal): Promise<void> {
    const about = attemptOf(task);
    if (signal.aborted) {
      this.#parts.log.info({ ...about, reason: String(signal.reason) }, "gave up the task");
      return;
    }
    this.#parts.log.warn({ ...about, ...refusal }, "declined the task");
    await this.#connection.request((session) => session.decline(attemptOf(task), toldReason(refusal)), stop);
    this.#assignments.drop(task, "declined");
  }

  #listen(message: ControlMessage, session: Session): void {
    const { type, ...about } = message;
    if (type !== "task") this.#parts.log.info(about, `the coordinator says: ${type}`);
    switch (message.type) {
      case "task":
        this.#take(message.task, session);
        break;
      case "cancel":
        this.#assignments.drop(message.task, message.reason);
        break;
      case "roundClosed":
        this.#assignments.drop(message.task, "the round is closed");
        break;
      case "jobEnded":
        this.#assignments.dropJob(message.jobId, "the job has ended");
        this.#forgetUnheard(message.jobId).catch((error: unknown) => {
          this.#parts.log.error({ err: error }, "an update of a job that ended stays in the outbox");
        });
        break;
    }
  }

  #take(task: SignedTask, session: Session): void {
    try {
      const statement = this.#coordinator.task(task);
      this.#assignments.add(statement);
      if (statement.epsilonAfter !== null) this.#keepTask(task);
    } catch (error) {
      const refusal = asRefusal(error);
      this.#parts.log.error(refusal, "declined a task that does not verify");
      session.decline(attemptOf(task.statement), toldReason(refusal));
    }
  }

  /** What `holdfast client privacy` holds against the log. */
  #keepTask(task: SignedTask): void {
    this.#parts.receipts.keepTask(task).catch((error: unknown) => {
      this.#parts.log.error({ err: error }, "what the coordinator told of this client's privacy is not saved");
    });
  }

  /** Tells the coordinator at most once a second. */
  #progressOf(task: TaskStatement): (stepsDone: number, stepsTotal: number) => void {
    const { clock } = this.#parts;
    let toldAtMs = clock.monotonicMs();
    return (stepsDone, stepsTotal) => {
      if (clock.monotonicMs() - toldAtMs < 1_000) return;
      toldAtMs = clock.monotonicMs();
      this.#connection.say((session) => session.progress(attemptOf(task), stepsDone, stepsTotal));
    };
  }
}

const attemptOf = ({ jobId, round, attempt }: TaskKey): TaskKey => ({ jobId, round, attempt });

function asRefusal(error: unknown): Refusal {
  return error instanceof FederationError ? refuse(error.code, error.message) : refuse("INTERNAL", String(error));
}

/** What may leave this site: a policy's own reason; of all else only the catalogue's text, never a local detail. */
function toldReason({ refused, detail }: Refusal): string {
  return `${refused}: ${refused === "POLICY_REFUSED" ? detail : ERROR_CATALOG[refused].told}`;
}
