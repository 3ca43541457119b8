// Original file: proto/holdfast/v1/participation.proto

import type { LogHead as _holdfast_v1_LogHead, LogHead__Output as _holdfast_v1_LogHead__Output } from '../../holdfast/v1/LogHead.ts';

export interface SessionOpened {
  'sessionToken'?: (Buffer | Uint8Array | string);
  'head'?: (_holdfast_v1_LogHead | null);
}

export interface SessionOpened__Output {
  'sessionToken': (Buffer);
  'head': (_holdfast_v1_LogHead__Output | null);
}
