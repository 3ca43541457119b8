// Original file: proto/holdfast/v1/participation.proto

import type { TaskKey as _holdfast_v1_TaskKey, TaskKey__Output as _holdfast_v1_TaskKey__Output } from '../../holdfast/v1/TaskKey.ts';

export interface Decline {
  'task'?: (_holdfast_v1_TaskKey | null);
  'reason'?: (string);
}

export interface Decline__Output {
  'task': (_holdfast_v1_TaskKey__Output | null);
  'reason': (string);
}
