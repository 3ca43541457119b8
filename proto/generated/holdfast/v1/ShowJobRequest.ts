// Original file: proto/holdfast/v1/administration.proto

import type { Long } from '@grpc/proto-loader';

export interface ShowJobRequest {
  'jobId'?: (Buffer | Uint8Array | string);
  /**
   * Absent: the last round that was closed.
   */
  'round'?: (number | string | Long);
  '_round'?: "round";
}

export interface ShowJobRequest__Output {
  'jobId': (Buffer);
  /**
   * Absent: the last round that was closed.
   */
  'round'?: (number);
  '_round'?: "round";
}
