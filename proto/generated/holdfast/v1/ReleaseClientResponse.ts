// Original file: proto/holdfast/v1/administration.proto


export interface ReleaseClientResponse {
}

export interface ReleaseClientResponse__Output {
}
