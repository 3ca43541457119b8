import { fromHex } from "../../core/ids.ts";
import type { StartJobRequest__Output as StartJobRequest } from "../../proto/generated/holdfast/v1/StartJobRequest.ts";
import type { StartJobResponse } from "../../proto/generated/holdfast/v1/StartJobResponse.ts";
import type { Parts } from "../parts.ts";

export async function startJob({ planYaml, baseFolder }: StartJobRequest, { jobs }: Parts): Promise<StartJobResponse> {
  const { jobId, planSha256 } = await jobs.start(planYaml, baseFolder);
  return { jobId: fromHex(jobId), planSha256: fromHex(planSha256) };
}
