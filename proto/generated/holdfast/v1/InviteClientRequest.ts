// Original file: proto/holdfast/v1/administration.proto

import type { Long } from '@grpc/proto-loader';

export interface InviteClientRequest {
  'clientName'?: (string);
  'validForMs'?: (number | string | Long);
}

export interface InviteClientRequest__Output {
  'clientName': (string);
  'validForMs': (number);
}
