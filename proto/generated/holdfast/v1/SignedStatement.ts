// Original file: proto/holdfast/v1/common.proto


/**
 * Canonical JSON and the coordinator's Ed25519 signature over PAE(payload type, statement).
 */
export interface SignedStatement {
  'statement'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
}

/**
 * Canonical JSON and the coordinator's Ed25519 signature over PAE(payload type, statement).
 */
export interface SignedStatement__Output {
  'statement': (Buffer);
  'signature': (Buffer);
}
