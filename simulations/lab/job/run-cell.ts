import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Parts } from "../../../coordinator/index.ts";
import type { Dataset } from "../../../core/data/dataset.ts";
import { type ErrorCode, FederationError } from "../../../core/errors.ts";
import { asDigest, type JobId } from "../../../core/ids.ts";
import { isBuiltin } from "../../../core/plan.ts";
import { attackTestSet } from "../../attacks/registry.ts";
import type { LabData } from "../../data/lab-data.ts";
import { type Closing, closing } from "../federation/closing.ts";
import { openFederation } from "../federation/federation.ts";
import type { TransportName } from "../federation/wire.ts";
import { type Cell, cellIdOf } from "../scenario/cell.ts";
import { attackSettingOf } from "../scenario/setting.ts";
import type { TrainingThreads } from "../training/training.ts";
import { trainingHere } from "../training/training-here.ts";
import { type Followed, followJob } from "./follow-job.ts";
import { type JobView, jobView } from "./job-view.ts";
import { type Judge, openJudge } from "./judge.ts";
import { planYaml, whyInfeasible } from "./lab-plan.ts";
import { Measures } from "./measures.ts";
import type { CellResult, CellRun, Seconds } from "./result.ts";
import { rootFiles, withoutRoot } from "./root-dataset.ts";
import { sharesOf } from "./shares.ts";
import { spendingOf } from "./spending.ts";

export interface Surroundings {
  readonly data: LabData;
  /** Folder that paths in the cell are relative to. */
  readonly baseFolder: string;
  readonly transport: TransportName;
  /** Where the cell makes a folder for what it cannot hold in memory, and deletes it; that of the system by default. */
  readonly scratchFolder?: string;
  /** Train for the clients; without them this thread does. */
  readonly trainingThreads?: TrainingThreads | undefined;
  /** Monotonic milliseconds, for what the lab costs; the federation's own clock stands still. */
  readonly now: () => number;
  /** Told after every round. */
  readonly progress: (round: number) => void;
}

/**
 * Runs one federation from its first enrolment to the end of its job: the deployed coordinator and the
 * deployed participants, with transport, clock, disk and randomness of the lab's. The same cell and data give the same
 * model, bit for bit, on one backend.
 *
 * @throws TRAINER_FAILED, and what else is no refusal of the plan
 */
export async function runCell(cell: Cell, surroundings: Surroundings): Promise<CellResult> {
  const id = cellIdOf(cell);
  const refusal = whyInfeasible(cell);
  const infeasible = (reason: string): CellResult => ({ id, cell, outcome: "infeasible", reason });
  if (refusal !== undefined) return infeasible(refusal.detail);
  const scratchFolder = await mkdtemp(join(surroundings.scratchFolder ?? tmpdir(), "holdfast-lab-"));
  const stop = new AbortController();
  const opened = closing();
  opened.add(() => rm(scratchFolder, { recursive: true, force: true }));
  try {
    return { id, cell, ...(await experiment(cell, surroundings, { scratchFolder, stop, closing: opened })) };
  } catch (thrown) {
    const error: unknown = stop.signal.aborted ? stop.signal.reason : thrown;
    if (error instanceof FederationError && REFUSED_AT_START.has(error.code)) return infeasible(error.message);
    throw error;
  } finally {
    stop.abort();
    await opened.close();
  }
}

/** What is said of a cell that asks for what cannot be had: a finding of the lab's, not a failure of it. */
const REFUSED_AT_START: ReadonlySet<ErrorCode> = new Set([
  "INFEASIBLE_RULE",
  "PLAN_INVALID",
  "PRIVACY_BUDGET_SPENT",
  "PRIVACY_UNSUPPORTED",
  "TOO_FEW_CLIENTS",
]);

interface Bounds {
  readonly scratchFolder: string;
  /** Aborted with the reason when something fails that should not. */
  readonly stop: AbortController;
  readonly closing: Closing;
}

async function experiment(
  cell: Cell,
  surroundings: Surroundings,
  bounds: Bounds,
): Promise<Omit<CellRun, "id" | "cell">> {
  const { now, baseFolder, progress, transport, trainingThreads } = surroundings;
  const startedAt = now();
  const { data, root } = withoutRoot(cell, surroundings.data);
  const aim = aimOf(cell, data);
  const shares = sharesOf(cell, data.train);
  let view: JobView | undefined;
  const watch = () => view as JobView;
  const training =
    (await trainingThreads?.open(cell, baseFolder)) ?? trainingHere(cell, { train: data.train, shares }, now);
  bounds.closing.add(() => training.close());
  const federation = await openFederation(cell, { data, shares, training, watch, transport, ...bounds });
  const { parts } = federation.coordinator;
  const files = await rootFiles(cell, root, { baseFolder, scratchFolder: bounds.scratchFolder });
  const { jobId, planSha256 } = await parts.jobs.start(planYaml(cell, data.train, files), baseFolder);
  const setup = now() - startedAt;
  view = jobView(parts, jobId);
  const judge = await judgeOf(parts, jobId, { data, cell, aim, now });
  bounds.closing.add(() => judge.dispose());
  const measures = new Measures(new Map(federation.members.map((it) => [it.profile.clientId, it])));
  const following = { parts, view, measures, judge, everyRounds: cell.evaluation.everyRounds, rounds: cell.rounds };
  const followed = await followJob({ ...following, progress }, bounds.stop.signal);
  const privacy = spendingOf(parts, jobId);
  const total = now() - startedAt;
  const honest = shares.slice(0, cell.clients - cell.attackers);
  const worstClientAccuracy = judge.worst(followed.weights, data.train, honest);
  const spent = { total, setup, training: training.busyMs, judging: judge.busyMs };
  const found = { ...resultOf(followed, measures), ...(privacy !== undefined && { privacy }) };
  return { ...found, planSha256, worstClientAccuracy, seconds: inSeconds(spent) };
}

function inSeconds({ total, setup, training, judging }: Seconds): Seconds {
  return { total: total / 1_000, setup: setup / 1_000, training: training / 1_000, judging: judging / 1_000 };
}

/** What the attack is judged by; of no examples there is no share. @throws PLAN_INVALID where a class of it is missing */
function aimOf(cell: Cell, { train, test }: LabData): Dataset | undefined {
  if (cell.attack === null) return undefined;
  const aim = attackTestSet(cell.attack, attackSettingOf(cell, train.numClasses), test);
  return aim?.numExamples === 0 ? undefined : aim;
}

interface ToJudge {
  readonly data: LabData;
  readonly cell: Cell;
  readonly aim: Dataset | undefined;
  readonly now: () => number;
}

async function judgeOf({ jobs, blobs }: Parts, jobId: JobId, { data, cell, aim, now }: ToJudge): Promise<Judge> {
  const { model } = jobs.show(jobId, undefined).plan;
  const topology = isBuiltin(model) ? undefined : await blobs.read(asDigest(model.layers));
  return openJudge({ model, topology, test: data.test, aim, examples: cell.evaluation.examples, now });
}

function resultOf({ outcome, reason, modelSha256, versionsSha256 }: Followed, measures: Measures) {
  const last = measures.rounds.findLast((it) => it.accuracy !== null);
  return {
    outcome: outcome === "completed" ? outcome : ("broken" as const),
    reason,
    modelSha256,
    versionsSha256,
    rounds: measures.rounds,
    clients: measures.clients(),
    accuracy: last?.accuracy ?? null,
    attackSuccess: last?.attackSuccess ?? null,
  };
}
