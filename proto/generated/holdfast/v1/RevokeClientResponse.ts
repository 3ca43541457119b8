// Original file: proto/holdfast/v1/administration.proto


export interface RevokeClientResponse {
}

export interface RevokeClientResponse__Output {
}
