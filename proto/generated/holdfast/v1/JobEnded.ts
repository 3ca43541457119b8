// Original file: proto/holdfast/v1/participation.proto


export interface JobEnded {
  'jobId'?: (Buffer | Uint8Array | string);
  'outcome'?: (string);
  'reason'?: (string);
}

export interface JobEnded__Output {
  'jobId': (Buffer);
  'outcome': (string);
  'reason': (string);
}
