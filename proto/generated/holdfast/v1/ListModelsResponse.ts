// Original file: proto/holdfast/v1/administration.proto

import type { ModelSummary as _holdfast_v1_ModelSummary, ModelSummary__Output as _holdfast_v1_ModelSummary__Output } from '../../holdfast/v1/ModelSummary.ts';

export interface ListModelsResponse {
  'models'?: (_holdfast_v1_ModelSummary)[];
}

export interface ListModelsResponse__Output {
  'models': (_holdfast_v1_ModelSummary__Output)[];
}
