// Original file: proto/holdfast/v1/administration.proto

import type { JobSummary as _holdfast_v1_JobSummary, JobSummary__Output as _holdfast_v1_JobSummary__Output } from '../../holdfast/v1/JobSummary.ts';

export interface ListJobsResponse {
  'jobs'?: (_holdfast_v1_JobSummary)[];
}

export interface ListJobsResponse__Output {
  'jobs': (_holdfast_v1_JobSummary__Output)[];
}
