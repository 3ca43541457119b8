// Original file: proto/holdfast/v1/participation.proto


/**
 * Signature over PAE("application/vnd.holdfast.connection.v1", federation id, client id, key epoch, challenge).
 */
export interface Proof {
  'signature'?: (Buffer | Uint8Array | string);
}

/**
 * Signature over PAE("application/vnd.holdfast.connection.v1", federation id, client id, key epoch, challenge).
 */
export interface Proof__Output {
  'signature': (Buffer);
}
