// Original file: proto/holdfast/v1/participation.proto


/**
 * The canonical header and its signature (docs/architecture.md).
 */
export interface Begin {
  'header'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
}

/**
 * The canonical header and its signature (docs/architecture.md).
 */
export interface Begin__Output {
  'header': (Buffer);
  'signature': (Buffer);
}
