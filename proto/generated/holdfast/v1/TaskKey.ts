// Original file: proto/holdfast/v1/common.proto

import type { Long } from '@grpc/proto-loader';

/**
 * One attempt of one round of a job.
 */
export interface TaskKey {
  'jobId'?: (Buffer | Uint8Array | string);
  'round'?: (number | string | Long);
  'attempt'?: (number);
}

/**
 * One attempt of one round of a job.
 */
export interface TaskKey__Output {
  'jobId': (Buffer);
  'round': (number);
  'attempt': (number);
}
