// Original file: proto/holdfast/v1/participation.proto

import type { Proceed as _holdfast_v1_Proceed, Proceed__Output as _holdfast_v1_Proceed__Output } from '../../holdfast/v1/Proceed.ts';
import type { Refused as _holdfast_v1_Refused, Refused__Output as _holdfast_v1_Refused__Output } from '../../holdfast/v1/Refused.ts';
import type { SignedStatement as _holdfast_v1_SignedStatement, SignedStatement__Output as _holdfast_v1_SignedStatement__Output } from '../../holdfast/v1/SignedStatement.ts';

export interface UploadReply {
  'proceed'?: (_holdfast_v1_Proceed | null);
  'refused'?: (_holdfast_v1_Refused | null);
  'receipt'?: (_holdfast_v1_SignedStatement | null);
  'body'?: "proceed"|"refused"|"receipt";
}

export interface UploadReply__Output {
  'proceed'?: (_holdfast_v1_Proceed__Output | null);
  'refused'?: (_holdfast_v1_Refused__Output | null);
  'receipt'?: (_holdfast_v1_SignedStatement__Output | null);
  'body'?: "proceed"|"refused"|"receipt";
}
