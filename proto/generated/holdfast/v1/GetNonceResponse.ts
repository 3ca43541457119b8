// Original file: proto/holdfast/v1/administration.proto


export interface GetNonceResponse {
  'nonce'?: (Buffer | Uint8Array | string);
}

export interface GetNonceResponse__Output {
  'nonce': (Buffer);
}
