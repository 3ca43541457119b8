import { asJobId, fromHex, toHex } from "../../core/ids.ts";
import type { ListModelsRequest__Output as ListModelsRequest } from "../../proto/generated/holdfast/v1/ListModelsRequest.ts";
import type { ListModelsResponse } from "../../proto/generated/holdfast/v1/ListModelsResponse.ts";
import type { Parts } from "../parts.ts";

export function listModels({ jobId }: ListModelsRequest, { jobs }: Parts): ListModelsResponse {
  const models = jobs.models(jobId.length === 0 ? undefined : asJobId(toHex(jobId)));
  return {
    models: models.map(({ accuracy, ...model }) => ({
      jobId: fromHex(model.jobId),
      version: model.version,
      modelSha256: fromHex(model.modelSha256),
      parentSha256: fromHex(model.parentSha256),
      ...(accuracy === undefined ? {} : { accuracy }),
    })),
  };
}
