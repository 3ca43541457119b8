// Original file: proto/holdfast/v1/administration.proto

import type { Long } from '@grpc/proto-loader';

export interface ModelSummary {
  'jobId'?: (Buffer | Uint8Array | string);
  'version'?: (number | string | Long);
  'modelSha256'?: (Buffer | Uint8Array | string);
  'parentSha256'?: (Buffer | Uint8Array | string);
  /**
   * Absent where the version was not evaluated.
   */
  'accuracy'?: (number | string);
  '_accuracy'?: "accuracy";
}

export interface ModelSummary__Output {
  'jobId': (Buffer);
  'version': (number);
  'modelSha256': (Buffer);
  'parentSha256': (Buffer);
  /**
   * Absent where the version was not evaluated.
   */
  'accuracy'?: (number);
  '_accuracy'?: "accuracy";
}
