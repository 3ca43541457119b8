// Original file: proto/holdfast/v1/participation.proto

import type { TaskKey as _holdfast_v1_TaskKey, TaskKey__Output as _holdfast_v1_TaskKey__Output } from '../../holdfast/v1/TaskKey.ts';
import type { Long } from '@grpc/proto-loader';

export interface Progress {
  'task'?: (_holdfast_v1_TaskKey | null);
  'stepsDone'?: (number | string | Long);
  'stepsTotal'?: (number | string | Long);
}

export interface Progress__Output {
  'task': (_holdfast_v1_TaskKey__Output | null);
  'stepsDone': (number);
  'stepsTotal': (number);
}
