// Original file: proto/holdfast/v1/participation.proto


export interface Challenge {
  'protocolMajor'?: (number);
  'protocolMinor'?: (number);
  'nonce'?: (Buffer | Uint8Array | string);
}

export interface Challenge__Output {
  'protocolMajor': (number);
  'protocolMinor': (number);
  'nonce': (Buffer);
}
