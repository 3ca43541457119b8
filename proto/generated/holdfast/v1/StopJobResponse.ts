// Original file: proto/holdfast/v1/administration.proto


export interface StopJobResponse {
}

export interface StopJobResponse__Output {
}
