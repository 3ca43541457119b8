// Original file: proto/holdfast/v1/common.proto

import type { Long } from '@grpc/proto-loader';

export interface BlobChunk {
  'offset'?: (number | string | Long);
  'bytes'?: (Buffer | Uint8Array | string);
  /**
   * The blob's whole size, in every chunk.
   */
  'size'?: (number | string | Long);
}

export interface BlobChunk__Output {
  'offset': (number);
  'bytes': (Buffer);
  /**
   * The blob's whole size, in every chunk.
   */
  'size': (number);
}
