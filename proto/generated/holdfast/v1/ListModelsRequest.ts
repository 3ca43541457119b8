// Original file: proto/holdfast/v1/administration.proto


export interface ListModelsRequest {
  /**
   * Empty: of all jobs.
   */
  'jobId'?: (Buffer | Uint8Array | string);
}

export interface ListModelsRequest__Output {
  /**
   * Empty: of all jobs.
   */
  'jobId': (Buffer);
}
