// Original file: proto/holdfast/v1/administration.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The public part of one journal event, as canonical JSON.
 */
export interface JobEvent {
  'index'?: (number | string | Long);
  'type'?: (string);
  'publicJson'?: (string);
}

/**
 * The public part of one journal event, as canonical JSON.
 */
export interface JobEvent__Output {
  'index': (number);
  'type': (string);
  'publicJson': (string);
}
