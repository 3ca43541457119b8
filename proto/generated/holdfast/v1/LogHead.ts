// Original file: proto/holdfast/v1/common.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Signed tree head of the coordinator's journal (RFC 6962).
 */
export interface LogHead {
  'origin'?: (Buffer | Uint8Array | string);
  'size'?: (number | string | Long);
  'root'?: (Buffer | Uint8Array | string);
  'timeMs'?: (number | string | Long);
  'signature'?: (Buffer | Uint8Array | string);
}

/**
 * Signed tree head of the coordinator's journal (RFC 6962).
 */
export interface LogHead__Output {
  'origin': (Buffer);
  'size': (number);
  'root': (Buffer);
  'timeMs': (number);
  'signature': (Buffer);
}
