// Original file: proto/holdfast/v1/participation.proto


export interface GetReceiptRequest {
  'updateId'?: (Buffer | Uint8Array | string);
}

export interface GetReceiptRequest__Output {
  'updateId': (Buffer);
}
