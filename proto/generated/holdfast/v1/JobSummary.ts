// Original file: proto/holdfast/v1/administration.proto

import type { Long } from '@grpc/proto-loader';

export interface JobSummary {
  'jobId'?: (Buffer | Uint8Array | string);
  'name'?: (string);
  /**
   * running, completed, stopped or failed.
   */
  'phase'?: (string);
  'round'?: (number | string | Long);
  'rounds'?: (number | string | Long);
  'reason'?: (string);
}

export interface JobSummary__Output {
  'jobId': (Buffer);
  'name': (string);
  /**
   * running, completed, stopped or failed.
   */
  'phase': (string);
  'round': (number);
  'rounds': (number);
  'reason': (string);
}
