import type { Logger } from "pino";
import type { Clock } from "../../core/clock.ts";
import type { SigningKey } from "../../core/crypto/sign.ts";
import { type ErrorCode, FederationError, isRefusal, type Refusal } from "../../core/errors.ts";
import { asDigest, type ClientId, type Digest, type FederationId, toHex } from "../../core/ids.ts";
import type { Random } from "../../core/random/random.ts";
import { floatsOf } from "../../core/tensors/digest.ts";
import type { Engine } from "../aggregation/engine/engine.ts";
import type { Pipeline } from "../aggregation/pipeline.ts";
import { commitmentKey } from "../audit/commitments.ts";
import type { Clients, Sessions } from "../parts.ts";
import type { Budget } from "../privacy/budget.ts";
import { NoiseAhead } from "../privacy/mechanisms/noise-ahead.ts";
import type { NoiseSource } from "../privacy/mechanisms/noise-source.ts";
import { aggregateNoise } from "../privacy/mechanisms/round-noise.ts";
import type { ServerOptimizer } from "../server-optimizers/server-optimizer.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Appended, Entry, InlineBlob, Journal } from "../storage/journal.ts";
import { announceEnd, announceRound, cancelUnanswered } from "./announce.ts";
import type { ArrivedRows } from "./arrived-rows.ts";
import { type AttemptClock, attemptClock } from "./attempt-clock.ts";
import { nextCharge } from "./charges.ts";
import type { RoundResult } from "./close-round.ts";
import { type Closing, resultOf } from "./closing.ts";
import { drawCohort, mayBeAsked } from "./cohort.ts";
import { diagnosisOf, findingsByClient, sealDiagnosis } from "./diagnosis.ts";
import { diagnosisOfRound, type EventOf, endOfJob, type JobEvent, type SealedPart } from "./events.ts";
import { type ClosedRound, evolve, type JobState, type OpenRound } from "./job-state.ts";
import { privateRound } from "./private-round.ts";
import type { RootTraining } from "./root-update.ts";
import { type Attempt, type Command, decide, type RoundRules } from "./round.ts";
import { taskFor } from "./task.ts";
import { quorumReached, untilNextTick } from "./tick.ts";
import { waker } from "./waker.ts";

/** What a job is run with. Everything that could differ between a hospital and a simulation is in here. */
export interface JobParts {
  readonly federationId: FederationId;
  readonly signer: SigningKey;
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly sessions: Pick<Sessions, "push" | "isConnected">;
  readonly clients: Pick<Clients, "find">;
  readonly pipeline: Pipeline;
  readonly engine: Engine;
  readonly arrived: ArrivedRows;
  /** For rules that compare updates with the coordinator's own. */
  readonly rootTraining: RootTraining | undefined;
  readonly rules: RoundRules;
  readonly optimizer: ServerOptimizer;
  readonly noiseMaster: Uint8Array;
  readonly noiseSource: NoiseSource;
  readonly budget: Budget;
  readonly evaluation: Evaluation;
  /** Called with every event of this job, in order. */
  noted(event: JobEvent): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Evaluates in the background; `idle` resolves when nothing is under way. */
export interface Evaluation {
  /** One at a time: after the one before is `idle`. */
  start(weights: Float32Array, record: (result: EvaluationResult) => Promise<void>): void;
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface EvaluationResult {
  readonly accuracy: number;
  readonly loss: number;
  readonly numExamples: number;
}

interface Extras {
  readonly sealed?: SealedPart;
  readonly key?: string;
  readonly blobs?: readonly InlineBlob[];
}

/** One training run: opens rounds, waits for answers, commits versions, until it has ended. */
export class Job {
  readonly #parts: JobParts;
  readonly #wake = waker();
  readonly #attempt: AttemptClock;
  readonly #noise: NoiseAhead;
  #state: JobState;
  #weights: { readonly version: number; readonly values: Float32Array } | undefined;
  /** Aborted when the job has ended or is left to a later process: what is computed for it is of no use here. */
  readonly #left = new AbortController();
  /** Whether the open round is durable, so that clients may hear of it. */
  #isOffered = false;

  constructor(state: JobState, parts: JobParts) {
    this.#state = state;
    this.#parts = parts;
    this.#attempt = attemptClock(parts.clock);
    this.#noise = new NoiseAhead(parts.noiseSource);
    if (state.stage.name !== "open") return;
    this.#attempt.resume(state.stage);
    parts.arrived.start(state.stage.cohort.length);
    for (const update of state.stage.admitted.values()) parts.arrived.add(update, Promise.resolve());
  }

  get state(): JobState {
    return this.#state;
  }

  /** Resolves when the job has ended or was halted. Rejects only when the disk or the journal fails. */
  async run(): Promise<void> {
    try {
      while (!this.#left.signal.aborted && this.#state.stage.name !== "ended") {
        const { stage } = this.#state;
        if (stage.name === "ready") await this.#openRound(stage).catch((error: unknown) => this.#failed(error));
        else if (stage.name === "open") await this.#roundDecided(stage);
        else await this.#commitRound(stage).catch((error: unknown) => this.#failed(error));
      }
      this.#tellEnd();
    } finally {
      this.#parts.arrived.end();
      this.#parts.rootTraining?.close();
      await this.#parts.evaluation.close();
    }
  }

  #tellEnd(): void {
    const { stage, jobId } = this.#state;
    if (stage.name !== "ended") return;
    const { outcome, reason } = stage;
    this.#parts.log.info({ jobId, outcome, reason }, "job ended");
    announceEnd(this.#state, stage, this.#parts.sessions);
  }

  /** A round that cannot be closed would fail again after every restart: the job ends, the coordinator goes on. */
  async #failed(error: unknown): Promise<void> {
    if (this.#left.signal.aborted && isCode(error, "SHUTTING_DOWN")) return;
    if (isCode(error, ...MACHINE_FAILED)) throw error;
    const { clock, log } = this.#parts;
    log.error({ err: error, jobId: this.#state.jobId }, "the round cannot go on");
    const reason = error instanceof FederationError ? `${error.code}: ${error.message}` : String(error);
    await this.submit({ type: "fail", reason, nowMs: clock.nowMs() });
  }

  /** Leaves the job as it is, for a later process to continue. */
  halt(): void {
    this.#leave("the job is left to a later process");
    this.#wake.now();
  }

  #leave(why: string): void {
    this.#left.abort(new FederationError("SHUTTING_DOWN", why));
    this.#noise.drop();
    this.#parts.rootTraining?.close();
  }

  /** Journals what a command leads to; resolves when that is durable. Undefined: nothing followed. */
  async submit(command: Command, extras: Extras = {}): Promise<Appended | Refusal | undefined> {
    const events = decide(this.#state, command, this.#parts.rules);
    if (isRefusal(events)) return events;
    if (events.length === 0) return undefined;
    for (const event of events) {
      this.#state = evolve(this.#state, event);
      this.#parts.noted(event);
    }
    this.#wake.now();
    const { blobs, ...ofFirst } = extras;
    const entries = events.map((event, i) => ({
      event,
      ...(i === 0 && ofFirst),
      ...keyOf(event),
      ...this.#secrecyOf(event),
    }));
    const appended = this.#parts.journal.append(entries, blobs);
    for (const event of events) this.#follow(event, appended);
    return appended;
  }

  /** Who took part in a round, and anything by which one update could be recognised, is what central privacy hides. */
  #secrecyOf(event: JobEvent): Pick<Entry, "commitmentKey"> {
    if (this.#state.plan.privacy.mode !== "central") return {};
    const attempt = "attempt" in event ? event : { jobId: event.jobId, round: 0, attempt: 0 };
    return { commitmentKey: commitmentKey(this.#parts.noiseMaster, attempt) };
  }

  /** Nothing is held against the client any more. */
  released(event: EventOf<"ClientReleased">): void {
    this.#state = evolve(this.#state, event);
  }

  /** By the client itself, before it sent anything as far as this process knows. */
  async declined(clientId: ClientId, attempt: Attempt, reason: string): Promise<void> {
    const pays = this.#attempt.mayHaveBegun(clientId);
    await this.submit({ type: "decline", attempt, clientId, reason, ...(pays && { pays }) });
  }

  /** On behalf of a client that is waited for no longer: it may be training, or done. */
  async declineForRevoked(clientId: ClientId, attempt: Attempt): Promise<void> {
    await this.submit({ type: "decline", attempt, clientId, reason: "revoked", pays: true });
  }

  /** An upload of this client begins: whatever becomes of it, something of the update is here. */
  async begins(clientId: ClientId, attempt: Attempt): Promise<void> {
    this.#attempt.begun(clientId);
    const { stage } = this.#state;
    if (stage.name !== "open" || !stage.spared.has(clientId)) return;
    await this.submit({ type: "decline", attempt, clientId, reason: "it sends an update all the same", pays: true });
  }

  /** A refusal that is not journaled one by one. It is this client's answer only if it was for the open attempt. */
  countRefusal(clientId: ClientId, code: ErrorCode, isAnswer: boolean): void {
    this.#attempt.count(clientId, code, isAnswer);
    this.#wake.now();
  }

  /** Pushes what the open round asks of this client, unless it has answered. */
  offerTo(clientId: ClientId): void {
    const { stage } = this.#state;
    if (stage.name !== "open" || !this.#isOffered || !stage.cohort.includes(clientId)) return;
    if (stage.admitted.has(clientId) || stage.declined.has(clientId)) return;
    if (!this.#parts.sessions.isConnected(clientId)) return;
    const task = taskFor(clientId, this.#state, stage, { ...this.#parts, waits: this.#attempt.waits() });
    this.#parts.sessions.push(clientId, { type: "task", task });
  }

  /** What goes along with the state in memory: the attempt's clock, and the rows that have arrived. */
  #follow(event: JobEvent, durable: Promise<unknown>): void {
    const { arrived } = this.#parts;
    switch (event.type) {
      case "RoundOpened":
        this.#attempt.start(event);
        arrived.start(event.cohort.length);
        break;
      case "UpdateAdmitted":
        arrived.add(event, durable);
        break;
      case "RoundAbandoned":
      case "VersionCommitted":
        arrived.end();
        break;
      case "JobEnded":
        arrived.end();
        this.#leave("the job has ended");
        break;
      default:
    }
  }

  async #openRound({ round }: { readonly round: number }): Promise<void> {
    const { plan } = this.#state;
    const { random, clock } = this.#parts;
    const beyondBudget = round > plan.rounds ? undefined : this.#beyondBudget();
    if (round > plan.rounds || beyondBudget !== undefined) await this.#parts.evaluation.idle();
    const nowMs = clock.nowMs();
    if (beyondBudget !== undefined) {
      const reason = `${beyondBudget.refused}: ${beyondBudget.detail}`;
      await this.submit({ type: "stop", reason, nowMs });
      return;
    }
    const draw = drawCohort(this.#state, this.#eligible(), random);
    await this.submit({ type: "open", serverNonce: this.#freshDigest(), ...draw, nowMs });
  }

  /** Why the next attempt must not begin. */
  #beyondBudget(): Refusal | undefined {
    const { budget, rules } = this.#parts;
    return budget.refused(nextCharge(this.#state, rules.charge));
  }

  #prepareNoise(closing: Attempt & Pick<ClosedRound, "seed">): void {
    const { privacy } = this.#state.plan;
    if (privacy.mode !== "central") return;
    this.#noise.prepare(aggregateNoise(privateRound(this.#state, privacy, closing, this.#parts), 0));
  }

  #eligible(): readonly ClientId[] {
    const { plan, population } = this.#state;
    return population.filter((clientId) => mayBeAsked(plan, this.#parts.clients.find(clientId)));
  }

  #freshDigest(): Digest {
    return asDigest(toHex(this.#parts.random.bytes(32)));
  }

  /** Waits until the round is closed or abandoned: woken by every answer, by grace and by the deadline. */
  async #roundDecided(open: OpenRound): Promise<void> {
    this.#isOffered = true;
    for (const clientId of open.cohort) this.offerTo(clientId);
    await this.#declineForRevoked(open);
    // while the clients train: awaited, and heard of if it fails, when the round closes
    void this.#parts.rootTraining?.update(this.#state, () => this.#baseWeights());
    // one draw for each attempt, told to nobody before it closes: how often this wakes must not show in the chance after it
    const seed = this.#freshDigest();
    this.#prepareNoise({ ...open, seed });
    while (!this.#left.signal.aborted && this.#state.stage.name === "open") {
      if (quorumReached(this.#state)) this.#attempt.quorum();
      const waits = this.#attempt.waits();
      await this.submit({ type: "tick", waits, seed, nowMs: this.#parts.clock.nowMs() });
      if (this.#state.stage.name === "open") await this.#wake.within(untilNextTick(this.#state, waits));
    }
    this.#isOffered = false;
    if (this.#state.stage.name !== "open") cancelUnanswered(this.#state, open, this.#parts.sessions);
  }

  /** Under central privacy they are drawn like all others, and nobody waits for them. */
  async #declineForRevoked({ cohort, round, attempt }: OpenRound): Promise<void> {
    const revoked = cohort.filter((clientId) => this.#parts.clients.find(clientId)?.revoked);
    for (const clientId of revoked) await this.declineForRevoked(clientId, { round, attempt });
  }

  async #commitRound(closed: ClosedRound): Promise<void> {
    const { clock, log, evaluation } = this.#parts;
    const started = clock.monotonicMs();
    const result = await resultOf(this.#closing(), closed);
    // the one before has to be done: evaluation may hold up a round's opening, never its deadline
    await evaluation.idle();
    const { version: before, jobId } = this.#state;
    // one commit group for the version and the next round: nobody hears of either before both are durable
    const committing = this.#commit(closed, result);
    const { version } = this.#state;
    if (version > before) this.#evaluate(version, result.weights, committing);
    await Promise.all([committing, this.#openNext()]);
    if (version === before) return;
    this.#weights = { version, values: result.weights };
    for (const remark of result.remarks) log.warn({ jobId, version }, remark);
    log.info({ jobId, version, rows: closed.rows.length, closeMs: clock.monotonicMs() - started }, "round committed");
    announceRound(jobId, closed, result.version.modelSha256, this.#parts.sessions);
  }

  #closing(): Closing {
    const baseWeights = () => this.#baseWeights();
    return { job: this, parts: this.#parts, noise: this.#noise, signal: this.#left.signal, baseWeights };
  }

  #commit(closed: ClosedRound, { version, blobs, figures, remarks }: RoundResult): Promise<unknown> {
    const { clock, clients, pipeline } = this.#parts;
    const { plan, population } = this.#state;
    // the mean gives way to attackers: what stands out against it says nothing
    const numByzantine = pipeline.rule.kind === "average" ? 0 : plan.aggregation.numByzantine;
    const command = {
      type: "commit",
      attempt: attemptOf(closed),
      version,
      findings: findingsByClient(closed, figures, numByzantine),
      remarks,
      eligible: this.#eligible(),
      numQuarantined: population.filter((clientId) => clients.find(clientId)?.quarantined).length,
      nowMs: clock.nowMs(),
    } as const;
    return this.submit(command, { blobs, sealed: sealDiagnosis(diagnosisOf(closed, figures)) });
  }

  async #openNext(): Promise<void> {
    const { stage, plan } = this.#state;
    if (this.#left.signal.aborted) return;
    if (stage.name === "ready" && stage.round <= plan.rounds) await this.#openRound(stage);
  }

  /** The current version's weights, from memory while this process made them. */
  async #baseWeights(): Promise<Float32Array> {
    const { version, modelSha256 } = this.#state;
    if (this.#weights?.version === version) return this.#weights.values;
    return floatsOf(await this.#parts.blobs.read(modelSha256));
  }

  #evaluate(version: number, weights: Float32Array, committed: Promise<unknown>): void {
    const { plan } = this.#state;
    if (plan.evaluation === undefined || version % plan.evaluation.everyRounds !== 0) return;
    this.#parts.evaluation.start(weights, async (result) => {
      await committed;
      await this.#recordEvaluation(version, result);
    });
  }

  async #recordEvaluation(version: number, result: EvaluationResult): Promise<void> {
    const { jobId } = this.#state;
    const event = { type: "ModelEvaluated", jobId, version, ...result } as const;
    this.#parts.noted(event);
    await this.#parts.journal.append([{ event }]);
  }
}

/** What stops the process instead of the job: a restart continues where the disk has room again. */
const MACHINE_FAILED: readonly ErrorCode[] = ["DISK_FULL", "STORAGE_FAILED", "SHUTTING_DOWN"];

function isCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return error instanceof FederationError && codes.includes(error.code);
}

function keyOf(event: JobEvent): { readonly key?: string } {
  if (event.type === "JobEnded") return { key: endOfJob(event.jobId) };
  return event.type === "RoundDiagnosed" ? { key: diagnosisOfRound(event.jobId, event.round) } : {};
}

const attemptOf = ({ round, attempt }: Attempt): Attempt => ({ round, attempt });
