// Original file: proto/holdfast/v1/participation.proto

import type { Begin as _holdfast_v1_Begin, Begin__Output as _holdfast_v1_Begin__Output } from '../../holdfast/v1/Begin.ts';
import type { Chunk as _holdfast_v1_Chunk, Chunk__Output as _holdfast_v1_Chunk__Output } from '../../holdfast/v1/Chunk.ts';

export interface UploadMessage {
  'begin'?: (_holdfast_v1_Begin | null);
  'chunk'?: (_holdfast_v1_Chunk | null);
  'body'?: "begin"|"chunk";
}

export interface UploadMessage__Output {
  'begin'?: (_holdfast_v1_Begin__Output | null);
  'chunk'?: (_holdfast_v1_Chunk__Output | null);
  'body'?: "begin"|"chunk";
}
