// Original file: proto/holdfast/v1/participation.proto


/**
 * Leaf hash (RFC 6962): SHA-256(0x00 || public || sealed_sha256).
 */
export interface LogLeaf {
  /**
   * Canonical JSON of the event's public part, exactly as it is hashed.
   */
  'public'?: (Buffer | Uint8Array | string);
  /**
   * SHA-256(salt || sealed part).
   */
  'sealedSha256'?: (Buffer | Uint8Array | string);
}

/**
 * Leaf hash (RFC 6962): SHA-256(0x00 || public || sealed_sha256).
 */
export interface LogLeaf__Output {
  /**
   * Canonical JSON of the event's public part, exactly as it is hashed.
   */
  'public': (Buffer);
  /**
   * SHA-256(salt || sealed part).
   */
  'sealedSha256': (Buffer);
}
