// Original file: proto/holdfast/v1/participation.proto

import type { Long } from '@grpc/proto-loader';

export interface ReadLogRequest {
  /**
   * Index of the first leaf.
   */
  'fromIndex'?: (number | string | Long);
  /**
   * Leaves below this index only: the size of a signed head. What is not durable yet is not waited for.
   */
  'size'?: (number | string | Long);
}

export interface ReadLogRequest__Output {
  /**
   * Index of the first leaf.
   */
  'fromIndex': (number);
  /**
   * Leaves below this index only: the size of a signed head. What is not durable yet is not waited for.
   */
  'size': (number);
}
