import { FederationError } from "../../core/errors.ts";
import { asJobId, toHex } from "../../core/ids.ts";
import type { StopJobRequest__Output as StopJobRequest } from "../../proto/generated/holdfast/v1/StopJobRequest.ts";
import type { StopJobResponse } from "../../proto/generated/holdfast/v1/StopJobResponse.ts";
import type { Parts } from "../parts.ts";
import { printable } from "./text.ts";

export async function stopJob({ jobId, reason }: StopJobRequest, { jobs }: Parts): Promise<StopJobResponse> {
  const refusal = await jobs.stop(asJobId(toHex(jobId)), printable(reason));
  if (refusal !== undefined) throw new FederationError(refusal.refused, refusal.detail);
  return {};
}
