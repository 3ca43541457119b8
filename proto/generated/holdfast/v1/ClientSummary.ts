// Original file: proto/holdfast/v1/administration.proto


export interface ClientSummary {
  'clientId'?: (Buffer | Uint8Array | string);
  'name'?: (string);
  'keyEpoch'?: (number);
  'revoked'?: (boolean);
  'connected'?: (boolean);
  'quarantined'?: (boolean);
}

export interface ClientSummary__Output {
  'clientId': (Buffer);
  'name': (string);
  'keyEpoch': (number);
  'revoked': (boolean);
  'connected': (boolean);
  'quarantined': (boolean);
}
