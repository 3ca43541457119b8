// Original file: proto/holdfast/v1/administration.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchJobRequest {
  'jobId'?: (Buffer | Uint8Array | string);
  'fromIndex'?: (number | string | Long);
}

export interface WatchJobRequest__Output {
  'jobId': (Buffer);
  'fromIndex': (number);
}
