import { canonicalJson } from "../../core/crypto/canonical-json.ts";
import { asJobId, toHex } from "../../core/ids.ts";
import type { ShowJobRequest__Output as ShowJobRequest } from "../../proto/generated/holdfast/v1/ShowJobRequest.ts";
import type { ShowJobResponse } from "../../proto/generated/holdfast/v1/ShowJobResponse.ts";
import type { Parts } from "../parts.ts";

export function showJob({ jobId, round }: ShowJobRequest, { jobs }: Parts): ShowJobResponse {
  return { reportJson: canonicalJson(jobs.show(asJobId(toHex(jobId)), round)) };
}
