// Original file: proto/holdfast/v1/participation.proto

import type { TaskKey as _holdfast_v1_TaskKey, TaskKey__Output as _holdfast_v1_TaskKey__Output } from '../../holdfast/v1/TaskKey.ts';

export interface RoundClosed {
  'task'?: (_holdfast_v1_TaskKey | null);
  /**
   * Whether this client's update is among those aggregated.
   */
  'counted'?: (boolean);
  'modelSha256'?: (Buffer | Uint8Array | string);
}

export interface RoundClosed__Output {
  'task': (_holdfast_v1_TaskKey__Output | null);
  /**
   * Whether this client's update is among those aggregated.
   */
  'counted': (boolean);
  'modelSha256': (Buffer);
}
