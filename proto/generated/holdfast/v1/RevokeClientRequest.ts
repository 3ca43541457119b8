// Original file: proto/holdfast/v1/administration.proto


export interface RevokeClientRequest {
  'clientName'?: (string);
  'reason'?: (string);
}

export interface RevokeClientRequest__Output {
  'clientName': (string);
  'reason': (string);
}
