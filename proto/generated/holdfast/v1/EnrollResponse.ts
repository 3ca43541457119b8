// Original file: proto/holdfast/v1/enrollment.proto

import type { LogHead as _holdfast_v1_LogHead, LogHead__Output as _holdfast_v1_LogHead__Output } from '../../holdfast/v1/LogHead.ts';

export interface EnrollResponse {
  'federationId'?: (Buffer | Uint8Array | string);
  'clientId'?: (Buffer | Uint8Array | string);
  'keyEpoch'?: (number);
  'coordinatorKey'?: (Buffer | Uint8Array | string);
  'logKey'?: (Buffer | Uint8Array | string);
  'head'?: (_holdfast_v1_LogHead | null);
}

export interface EnrollResponse__Output {
  'federationId': (Buffer);
  'clientId': (Buffer);
  'keyEpoch': (number);
  'coordinatorKey': (Buffer);
  'logKey': (Buffer);
  'head': (_holdfast_v1_LogHead__Output | null);
}
