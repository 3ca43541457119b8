// Original file: proto/holdfast/v1/administration.proto


export interface ReleaseClientRequest {
  'clientName'?: (string);
  'reason'?: (string);
}

export interface ReleaseClientRequest__Output {
  'clientName': (string);
  'reason': (string);
}
