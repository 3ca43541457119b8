import { fromHex } from "../../core/ids.ts";
import type { ListJobsResponse } from "../../proto/generated/holdfast/v1/ListJobsResponse.ts";
import type { Parts } from "../parts.ts";

export function listJobs({ jobs }: Parts): ListJobsResponse {
  return { jobs: jobs.list().map((job) => ({ ...job, jobId: fromHex(job.jobId) })) };
}
