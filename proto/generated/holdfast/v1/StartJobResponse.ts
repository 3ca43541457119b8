// Original file: proto/holdfast/v1/administration.proto


export interface StartJobResponse {
  'jobId'?: (Buffer | Uint8Array | string);
  'planSha256'?: (Buffer | Uint8Array | string);
}

export interface StartJobResponse__Output {
  'jobId': (Buffer);
  'planSha256': (Buffer);
}
