// Original file: proto/holdfast/v1/participation.proto

import type { LogHead as _holdfast_v1_LogHead, LogHead__Output as _holdfast_v1_LogHead__Output } from '../../holdfast/v1/LogHead.ts';
import type { Long } from '@grpc/proto-loader';

export interface SessionOpened {
  'sessionToken'?: (Buffer | Uint8Array | string);
  'head'?: (_holdfast_v1_LogHead | null);
  /**
   * A control stream with no message for this long is closed; either side sends heartbeats well within it.
   */
  'idleMs'?: (number | string | Long);
}

export interface SessionOpened__Output {
  'sessionToken': (Buffer);
  'head': (_holdfast_v1_LogHead__Output | null);
  /**
   * A control stream with no message for this long is closed; either side sends heartbeats well within it.
   */
  'idleMs': (number);
}
