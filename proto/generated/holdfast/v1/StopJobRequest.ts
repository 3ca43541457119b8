// Original file: proto/holdfast/v1/administration.proto


export interface StopJobRequest {
  'jobId'?: (Buffer | Uint8Array | string);
  'reason'?: (string);
}

export interface StopJobRequest__Output {
  'jobId': (Buffer);
  'reason': (string);
}
