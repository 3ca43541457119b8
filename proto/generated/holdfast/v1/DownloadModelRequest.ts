// Original file: proto/holdfast/v1/administration.proto


export interface DownloadModelRequest {
  'modelSha256'?: (Buffer | Uint8Array | string);
}

export interface DownloadModelRequest__Output {
  'modelSha256': (Buffer);
}
