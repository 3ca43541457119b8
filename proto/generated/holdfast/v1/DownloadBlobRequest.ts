// Original file: proto/holdfast/v1/participation.proto

import type { Long } from '@grpc/proto-loader';

export interface DownloadBlobRequest {
  'sha256'?: (Buffer | Uint8Array | string);
  'offset'?: (number | string | Long);
}

export interface DownloadBlobRequest__Output {
  'sha256': (Buffer);
  'offset': (number);
}
