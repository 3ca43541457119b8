// Original file: proto/holdfast/v1/participation.proto

import type { Long } from '@grpc/proto-loader';

export interface Chunk {
  'offset'?: (number | string | Long);
  'bytes'?: (Buffer | Uint8Array | string);
}

export interface Chunk__Output {
  'offset': (number);
  'bytes': (Buffer);
}
