// Original file: proto/holdfast/v1/participation.proto

import type { Long } from '@grpc/proto-loader';

export interface Proceed {
  /**
   * Bytes the coordinator holds already: send from here.
   */
  'offset'?: (number | string | Long);
}

export interface Proceed__Output {
  /**
   * Bytes the coordinator holds already: send from here.
   */
  'offset': (number);
}
