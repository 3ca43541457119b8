// Original file: proto/holdfast/v1/participation.proto

import type { SignedStatement as _holdfast_v1_SignedStatement, SignedStatement__Output as _holdfast_v1_SignedStatement__Output } from '../../holdfast/v1/SignedStatement.ts';

export interface GetReceiptResponse {
  'receipt'?: (_holdfast_v1_SignedStatement | null);
}

export interface GetReceiptResponse__Output {
  'receipt': (_holdfast_v1_SignedStatement__Output | null);
}
