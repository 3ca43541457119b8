import type { Logger } from "pino";
import type { Clock } from "../../core/clock.ts";
import type { SigningKey } from "../../core/crypto/sign.ts";
import type { DataFiles } from "../../core/data/data-files.ts";
import { FederationError, isRefusal, type Refusal, refuse } from "../../core/errors.ts";
import { asDigest, asJobId, type ClientId, type Digest, type FederationId, type JobId, toHex } from "../../core/ids.ts";
import { isBuiltin, type Plan } from "../../core/plan.ts";
import type { Random } from "../../core/random/random.ts";
import { numCoordinates } from "../../core/tensors/schema.ts";
import { MAX_PAIRED_ROWS } from "../../core/vector/kernels/layout.ts";
import type { Administrators } from "../administration/administrators.ts";
import { arrivals } from "../aggregation/arrivals.ts";
import type { Engine } from "../aggregation/engine/engine.ts";
import { checkFeasible, distancePathOf, measuresOf, type Pipeline, pipelineOf } from "../aggregation/pipeline.ts";
import type { AttemptKey, ClientSession, Clients, JobSummary, Jobs, Limits, ModelSummary, Sessions } from "../parts.ts";
import { attemptCharge } from "../privacy/attempt-charge.ts";
import { budgetOf } from "../privacy/budget.ts";
import type { NamedCeilings } from "../privacy/ceilings.ts";
import type { ChargeBook } from "../privacy/charge-book.ts";
import { checkBudget } from "../privacy/check-budget.ts";
import type { NoiseSource } from "../privacy/mechanisms/noise-source.ts";
import { checkOutsideEpsilon } from "../privacy/outside-epsilon.ts";
import { type PrivacyReport, privacyReport } from "../privacy/privacy-report.ts";
import { samplingClaim } from "../privacy/sampling-claim.ts";
import { serverOptimizerOf } from "../server-optimizers/server-optimizer.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Journal, StoredEvent } from "../storage/journal.ts";
import { type ArrivedRows, arrivedRows } from "./arrived-rows.ts";
import { nextCharge } from "./charges.ts";
import { checkStart } from "./check-start.ts";
import { mayBeAsked } from "./cohort.ts";
import { noEvaluation, workerEvaluation } from "./evaluation.ts";
import type { EventOf, JobEvent, SealedPart } from "./events.ts";
import { type Evaluation, Job } from "./job.ts";
import { type JobReport, jobReport } from "./job-report.ts";
import { evolve, type JobState, startJob } from "./job-state.ts";
import { type ResolvedPlan, resolvePlan } from "./plan-file.ts";
import { type RootTraining, rootTraining } from "./root-update.ts";
import type { RoundRules } from "./round.ts";
import { type RowBudget, rowBudget } from "./row-budget.ts";

export interface JobsParts {
  readonly federationId: FederationId;
  readonly signer: SigningKey;
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly clients: Pick<Clients, "find" | "list" | "quarantined">;
  readonly sessions: Pick<Sessions, "push" | "isConnected">;
  readonly engine: Engine;
  readonly limits: Pick<Limits, "rowBudgetBytes">;
  readonly noiseMaster: Uint8Array;
  readonly noiseSource: NoiseSource;
  readonly charges: ChargeBook;
  readonly administrators: Administrators;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** An attempt of some job is over: what was uploaded for it, and not admitted, is of no use. */
  attemptOver(): void;
  /** The disk or the journal failed: nothing acknowledged is lost, but the process must stop. */
  fatal(error: unknown): void;
}

interface Known {
  state: JobState;
  readonly models: Map<number, ModelSummary>;
  readonly sealed: SealedPart | undefined;
  job: Job | undefined;
}

/** All jobs of the federation, running and ended. */
export class JobTable implements Jobs {
  readonly #parts: JobsParts;
  readonly #known = new Map<JobId, Known>();
  readonly #running = new Set<Promise<void>>();
  readonly #rowBudget: RowBudget;
  #starting: Promise<unknown> = Promise.resolve();

  constructor(parts: JobsParts) {
    this.#parts = parts;
    this.#rowBudget = rowBudget(parts.limits.rowBudgetBytes);
  }

  /** Rebuilds what the journal says, event by event, before anything runs. */
  replay({ event, sealed }: StoredEvent): void {
    if (event.type === "ClientReleased") this.#forgive(event);
    if (!("jobId" in event)) return;
    if (event.type === "JobStarted") this.#know(startJob(event), event, sealed);
    const known = this.#known.get(event.jobId);
    if (known === undefined) return;
    known.state = evolve(known.state, event);
    this.#note(known, event);
  }

  /** Continues every job that had not ended when the process stopped. */
  async resume(): Promise<void> {
    for (const known of this.#known.values()) {
      if (known.state.stage.name !== "ended") this.#run(known, await this.#topologyOf(known.state.plan));
    }
  }

  /** One after the other: each is checked against what the one before has begun. */
  async start(planYaml: string, baseFolder: string): Promise<{ jobId: JobId; planSha256: Digest }> {
    const starting = this.#starting.then(() => this.#start(planYaml, baseFolder));
    this.#starting = starting.catch(() => undefined);
    return starting;
  }

  async #start(planYaml: string, baseFolder: string): Promise<{ jobId: JobId; planSha256: Digest }> {
    const resolved = await resolvePlan(planYaml, baseFolder);
    const enrolled = this.#parts.clients.list().filter((client) => !client.revoked);
    const population = enrolled.map((client) => client.clientId);
    checkStart(resolved.plan, enrolled.filter((client) => mayBeAsked(resolved.plan, client)).length);
    // what no line in the plan can change is said first
    checkBudget(resolved.plan, population, this.#parts.charges, this.#ceilings());
    checkOutsideEpsilon({ plan: resolved.plan, population }, this.#states());
    const { blobs, journal, random, clock, log } = this.#parts;
    const { forfeited } = samplingClaim(resolved.plan, population.length);
    if (resolved.plan.privacy.mode === "central" && forfeited !== undefined)
      log.warn({ job: resolved.plan.job }, forfeited);
    const initialModelSha256 = await blobs.putTensors(resolved.schema, resolved.initialWeights);
    await blobs.putBytes(resolved.planBytes);
    if (resolved.topology !== undefined) await blobs.putBytes(resolved.topology);
    const event: EventOf<"JobStarted"> = {
      type: "JobStarted",
      jobId: asJobId(toHex(random.bytes(16))),
      plan: resolved.plan,
      planSha256: resolved.planSha256,
      tensorSchema: resolved.schema,
      tensorSchemaSha256: resolved.schemaSha256,
      initialModelSha256,
      population: [...population].sort(),
      atMs: clock.nowMs(),
    };
    const sealed = filesPart(resolved);
    await journal.append([sealed === undefined ? { event } : { event, sealed }]);
    const known = this.#know(startJob(event), event, sealed);
    this.#note(known, event);
    this.#run(known, resolved.topology);
    return { jobId: event.jobId, planSha256: event.planSha256 };
  }

  async stop(jobId: JobId, reason: string): Promise<Refusal | undefined> {
    const job = this.running(jobId);
    if (job === undefined) return refuse("JOB_UNKNOWN", jobId);
    const result = await job.submit({ type: "stop", reason, nowMs: this.#parts.clock.nowMs() });
    return isRefusal(result) ? result : undefined;
  }

  /** The running job of that id, for admission. */
  running(jobId: JobId): Job | undefined {
    const job = this.#known.get(jobId)?.job;
    return job === undefined || job.state.stage.name === "ended" ? undefined : job;
  }

  list(): readonly JobSummary[] {
    return this.#states().map(summaryOf);
  }

  models(jobId: JobId | undefined): readonly ModelSummary[] {
    const wanted = jobId === undefined ? [...this.#known.values()] : [this.#known.get(jobId) ?? []].flat();
    return wanted.flatMap((known) => [...known.models.values()]);
  }

  show(jobId: JobId, round: number | undefined): JobReport {
    const known = this.#known.get(jobId);
    if (known === undefined) throw new FederationError("JOB_UNKNOWN", `no job ${jobId}`);
    const state = known.job?.state ?? known.state;
    return jobReport(state, summaryOf(state), [...known.models.values()], round, this.#parts);
  }

  #nameOf(id: ClientId): string {
    return this.#parts.clients.find(id)?.name ?? id;
  }

  #ceilings(): NamedCeilings {
    return { ceilings: this.#parts.administrators.ceilings, nameOf: (id) => this.#nameOf(id) };
  }

  privacy(jobId: JobId | undefined): PrivacyReport {
    const { charges: book, administrators, clients, federationId } = this.#parts;
    const nameOf = (id: ClientId) => this.#nameOf(id);
    const jobName = (id: string) => this.#known.get(id as JobId)?.state.plan.job ?? id;
    const parts = { federationId, book, administrators, nameOf, jobName };
    if (jobId === undefined)
      return privacyReport(
        clients.list().map((it) => it.clientId),
        parts,
      );
    const known = this.#known.get(jobId);
    if (known === undefined) throw new FederationError("JOB_UNKNOWN", `no job ${jobId}`);
    const state = known.job?.state ?? known.state;
    const planned = attemptCharge(state.plan, state.population.length);
    return privacyReport({ jobId, plan: state.plan, planned, next: nextCharge(state, planned) }, parts);
  }

  clientConnected(session: ClientSession): void {
    for (const job of this.#runningJobs()) job.offerTo(session.clientId);
  }

  /** A revoked client is waited for no longer. */
  clientRevoked(clientId: ClientId): void {
    for (const job of this.#runningJobs()) {
      const { stage } = job.state;
      if (stage.name !== "open") continue;
      const { round, attempt } = stage;
      job.declineForRevoked(clientId, { round, attempt }).catch(this.#parts.fatal);
    }
  }

  /** A client was released from quarantine. */
  clientReleased(event: EventOf<"ClientReleased">): void {
    this.#forgive(event);
  }

  accepted(session: ClientSession, task: AttemptKey): void {
    this.#parts.log.debug({ clientId: session.clientId, ...task }, "task accepted");
  }

  declined(session: ClientSession, task: AttemptKey, reason: string): void {
    const { round, attempt } = task;
    const job = this.running(task.jobId);
    job?.declined(session.clientId, { round, attempt }, reason).catch(this.#parts.fatal);
  }

  progressed(session: ClientSession, task: AttemptKey, stepsDone: number, stepsTotal: number): void {
    this.#parts.log.trace({ clientId: session.clientId, ...task, stepsDone, stepsTotal }, "progress");
  }

  mayDownload({ clientId }: ClientSession, digest: Digest): boolean {
    return this.#runningJobs().some(({ state }) => {
      const asked = state.stage.name === "open" && state.stage.cohort.includes(clientId);
      return asked && blobsOfTask(state).includes(digest);
    });
  }

  /** Leaves running jobs as they are, for the next process, and resolves when none runs any more. */
  async halt(): Promise<void> {
    for (const job of this.#runningJobs()) job.halt();
    await Promise.allSettled(this.#running);
  }

  #states(): JobState[] {
    return [...this.#known.values()].map((known) => known.job?.state ?? known.state);
  }

  #runningJobs(): Job[] {
    return [...this.#known.keys()].flatMap((jobId) => this.running(jobId) ?? []);
  }

  #know(state: JobState, event: EventOf<"JobStarted">, sealed: SealedPart | undefined): Known {
    const initial = {
      jobId: event.jobId,
      version: 0,
      modelSha256: event.initialModelSha256,
      parentSha256: event.initialModelSha256,
      accuracy: undefined,
    };
    const known: Known = { state, models: new Map([[0, initial]]), sealed, job: undefined };
    this.#known.set(event.jobId, known);
    return known;
  }

  #forgive(event: EventOf<"ClientReleased">): void {
    for (const known of this.#known.values()) {
      known.state = evolve(known.state, event);
      known.job?.released(event);
    }
  }

  /** Keeps the list of versions, who is in quarantine, and the charges of the population. */
  #note(known: Known, event: JobEvent): void {
    if (event.type === "VersionCommitted") {
      const { jobId, version, modelSha256, parentSha256 } = event;
      known.models.set(version, { jobId, version, modelSha256, parentSha256, accuracy: undefined });
    } else if (event.type === "ModelEvaluated") {
      const model = known.models.get(event.version);
      if (model !== undefined) known.models.set(event.version, { ...model, accuracy: event.accuracy });
    }
    if (event.type === "ClientQuarantined") this.#parts.clients.quarantined(event.clientId);
    const state = known.job?.state ?? known.state;
    const isOpening = event.type === "RoundOpened";
    const planned = isOpening ? attemptCharge(state.plan, state.population.length) : undefined;
    this.#parts.charges.note(event, nextCharge(state, planned));
  }

  #run(known: Known, topology: Uint8Array | undefined): void {
    const { state } = known;
    const pipeline = pipelineOf(state.plan.aggregation);
    const { charges } = this.#parts;
    known.job = new Job(state, {
      ...this.#parts,
      pipeline,
      rules: roundRules(state, pipeline),
      optimizer: serverOptimizerOf(state.plan.serverOptimizer),
      budget: budgetOf(state, charges, this.#ceilings()),
      evaluation: this.#evaluationOf(known, topology),
      rootTraining: rootTrainingOf(known, topology),
      arrived: this.#arrivedOf(state, pipeline),
      noted: (event) => {
        this.#note(known, event);
        if (ENDS_ATTEMPT.has(event.type)) this.#parts.attemptOver();
      },
    });
    const running = known.job.run().catch(this.#parts.fatal);
    this.#running.add(running);
    running.finally(() => this.#running.delete(running)).catch(this.#parts.fatal);
  }

  #evaluationOf({ state, sealed }: Known, topology: Uint8Array | undefined): Evaluation {
    const files = filesOf(sealed, HELD_OUT_KEYS);
    if (files === undefined) return noEvaluation;
    return workerEvaluation({ plan: state.plan, topology, files, log: this.#parts.log });
  }

  /**
   * Distances are measured for the figures of a round where the rule reads none. Under central privacy there are no figures,
   * and rows are clipped before anybody measures them: they are only taken in.
   */
  #arrivedOf({ plan, tensorSchema }: JobState, pipeline: Pipeline): ArrivedRows {
    const ofPipeline = measuresOf(pipeline);
    const ofRound = ofPipeline === "nothing" ? "distances" : ofPipeline;
    const measures = plan.privacy.mode === "central" ? "nothing" : ofRound;
    const { engine } = this.#parts;
    const d = numCoordinates(tensorSchema);
    const distancePath = (norms: readonly number[]) => distancePathOf(pipeline, norms);
    const rowBytes = d * Float32Array.BYTES_PER_ELEMENT;
    const open = (rowBudgetBytes: number) => {
      const isPaired = rowBudgetBytes / rowBytes <= MAX_PAIRED_ROWS;
      const options = { numCoordinates: d, rowBudgetBytes, distancePath };
      return arrivals(engine, { ...options, measures: isPaired ? measures : "nothing" });
    };
    const options = { budget: this.#rowBudget, rowBytes, open };
    return arrivedRows(options, this.#parts);
  }

  async #topologyOf({ model }: Plan): Promise<Uint8Array | undefined> {
    return isBuiltin(model) ? undefined : this.#parts.blobs.read(asDigest(model.layers));
  }
}

const ENDS_ATTEMPT: ReadonlySet<JobEvent["type"]> = new Set(["RoundClosed", "RoundAbandoned", "JobEnded"]);

function roundRules({ plan, population }: JobState, pipeline: Pipeline): RoundRules {
  return {
    feasible: (weights) => checkFeasible(pipeline, weights.length, weights),
    distancePath: (norms) => distancePathOf(pipeline, norms),
    charge: attemptCharge(plan, population.length),
  };
}

/** Paths on this machine are nobody else's business. */
function filesPart({ evaluation, rootDataset }: ResolvedPlan): SealedPart | undefined {
  if (evaluation === undefined && rootDataset === undefined) return undefined;
  return { ...sealedFiles(evaluation, HELD_OUT_KEYS), ...sealedFiles(rootDataset, ROOT_KEYS) };
}

type PathKeys = Readonly<Record<"images" | "labels" | "csv" | "columns", string>>;
const HELD_OUT_KEYS: PathKeys = { images: "images", labels: "labels", csv: "csv", columns: "columns" };
const ROOT_KEYS: PathKeys = { images: "rootImages", labels: "rootLabels", csv: "rootCsv", columns: "rootColumns" };

function sealedFiles(files: DataFiles | undefined, keys: PathKeys): SealedPart {
  if (files === undefined) return {};
  if ("images" in files) return { [keys.images]: files.images, [keys.labels]: files.labels };
  return { [keys.csv]: files.csv, [keys.columns]: files.columns };
}

function filesOf(sealed: SealedPart | undefined, keys: PathKeys): DataFiles | undefined {
  const [images, labels, csv, columns] = [keys.images, keys.labels, keys.csv, keys.columns].map((key) => sealed?.[key]);
  if (typeof images === "string" && typeof labels === "string") return { images, labels };
  return typeof csv === "string" && typeof columns === "string" ? { csv, columns } : undefined;
}

function rootTrainingOf({ sealed }: Known, topology: Uint8Array | undefined): RootTraining | undefined {
  const files = filesOf(sealed, ROOT_KEYS);
  return files && rootTraining(files, topology);
}

function blobsOfTask({ modelSha256, planSha256, plan }: JobState): readonly string[] {
  return [modelSha256, planSha256, ...(isBuiltin(plan.model) ? [] : [plan.model.layers])];
}

function summaryOf({ jobId, plan, version, stage }: JobState): JobSummary {
  const ended = stage.name === "ended";
  return {
    jobId,
    name: plan.job,
    phase: ended ? stage.outcome : "running",
    round: version,
    rounds: plan.rounds,
    reason: ended ? stage.reason : "",
  };
}
