// Original file: proto/holdfast/v1/administration.proto


export interface GetNonceRequest {
}

export interface GetNonceRequest__Output {
}
