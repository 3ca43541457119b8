// Original file: proto/holdfast/v1/participation.proto


export interface Hello {
  'protocolMajor'?: (number);
  'protocolMinor'?: (number);
  'clientId'?: (Buffer | Uint8Array | string);
  'keyEpoch'?: (number);
  'software'?: (string);
}

export interface Hello__Output {
  'protocolMajor': (number);
  'protocolMinor': (number);
  'clientId': (Buffer);
  'keyEpoch': (number);
  'software': (string);
}
