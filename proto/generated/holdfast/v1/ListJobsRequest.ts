// Original file: proto/holdfast/v1/administration.proto


export interface ListJobsRequest {
}

export interface ListJobsRequest__Output {
}
