// Original file: proto/holdfast/v1/participation.proto

import type { Hello as _holdfast_v1_Hello, Hello__Output as _holdfast_v1_Hello__Output } from '../../holdfast/v1/Hello.ts';
import type { Proof as _holdfast_v1_Proof, Proof__Output as _holdfast_v1_Proof__Output } from '../../holdfast/v1/Proof.ts';
import type { Accept as _holdfast_v1_Accept, Accept__Output as _holdfast_v1_Accept__Output } from '../../holdfast/v1/Accept.ts';
import type { Decline as _holdfast_v1_Decline, Decline__Output as _holdfast_v1_Decline__Output } from '../../holdfast/v1/Decline.ts';
import type { Progress as _holdfast_v1_Progress, Progress__Output as _holdfast_v1_Progress__Output } from '../../holdfast/v1/Progress.ts';
import type { Heartbeat as _holdfast_v1_Heartbeat, Heartbeat__Output as _holdfast_v1_Heartbeat__Output } from '../../holdfast/v1/Heartbeat.ts';

export interface ClientMessage {
  'hello'?: (_holdfast_v1_Hello | null);
  'proof'?: (_holdfast_v1_Proof | null);
  'accept'?: (_holdfast_v1_Accept | null);
  'decline'?: (_holdfast_v1_Decline | null);
  'progress'?: (_holdfast_v1_Progress | null);
  'heartbeat'?: (_holdfast_v1_Heartbeat | null);
  'body'?: "hello"|"proof"|"accept"|"decline"|"progress"|"heartbeat";
}

export interface ClientMessage__Output {
  'hello'?: (_holdfast_v1_Hello__Output | null);
  'proof'?: (_holdfast_v1_Proof__Output | null);
  'accept'?: (_holdfast_v1_Accept__Output | null);
  'decline'?: (_holdfast_v1_Decline__Output | null);
  'progress'?: (_holdfast_v1_Progress__Output | null);
  'heartbeat'?: (_holdfast_v1_Heartbeat__Output | null);
  'body'?: "hello"|"proof"|"accept"|"decline"|"progress"|"heartbeat";
}
