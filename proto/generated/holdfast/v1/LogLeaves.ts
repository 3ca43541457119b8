// Original file: proto/holdfast/v1/participation.proto

import type { LogLeaf as _holdfast_v1_LogLeaf, LogLeaf__Output as _holdfast_v1_LogLeaf__Output } from '../../holdfast/v1/LogLeaf.ts';

/**
 * In the order of the log; the first of a message follows the last of the one before.
 */
export interface LogLeaves {
  'leaves'?: (_holdfast_v1_LogLeaf)[];
}

/**
 * In the order of the log; the first of a message follows the last of the one before.
 */
export interface LogLeaves__Output {
  'leaves': (_holdfast_v1_LogLeaf__Output)[];
}
