// Original file: proto/holdfast/v1/administration.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Signature by the admin key over PAE("application/vnd.holdfast.administration.v1", method, sha256(body), nonce, time).
 */
export interface AdminProof {
  'nonce'?: (Buffer | Uint8Array | string);
  'timeMs'?: (number | string | Long);
  'bodySha256'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
}

/**
 * Signature by the admin key over PAE("application/vnd.holdfast.administration.v1", method, sha256(body), nonce, time).
 */
export interface AdminProof__Output {
  'nonce': (Buffer);
  'timeMs': (number);
  'bodySha256': (Buffer);
  'signature': (Buffer);
}
