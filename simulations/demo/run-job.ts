import type { AdminClient, JobEvent } from "../../coordinator/index.ts";
import type { PlannedRun } from "./plan.ts";
import { type JobProgress, NOTHING_YET, progressed } from "./progress.ts";

/** What is known of a job while it runs, and at its end. */
export interface JobReport {
  readonly job: JobProgress;
  /** Since the job was started. */
  readonly seconds: number;
}

/** Starts a job and follows its journal, event by event, until it has ended. */
export async function* runJob(
  { planYaml }: PlannedRun,
  admin: Pick<AdminClient, "startJob" | "watchJob">,
  { folder, nowMs }: { readonly folder: string; readonly nowMs: () => number },
): AsyncGenerator<JobReport> {
  const startedMs = nowMs();
  const { jobId } = await admin.startJob(planYaml, folder);
  let job = NOTHING_YET;
  for await (const { event } of admin.watchJob(jobId)) {
    if (!("jobId" in event)) continue;
    job = progressed(job, event satisfies JobEvent);
    yield { job, seconds: (nowMs() - startedMs) / 1_000 };
    if (job.end !== undefined) return;
  }
}
