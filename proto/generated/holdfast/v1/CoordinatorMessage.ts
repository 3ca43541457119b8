// Original file: proto/holdfast/v1/participation.proto

import type { Challenge as _holdfast_v1_Challenge, Challenge__Output as _holdfast_v1_Challenge__Output } from '../../holdfast/v1/Challenge.ts';
import type { SessionOpened as _holdfast_v1_SessionOpened, SessionOpened__Output as _holdfast_v1_SessionOpened__Output } from '../../holdfast/v1/SessionOpened.ts';
import type { SignedStatement as _holdfast_v1_SignedStatement, SignedStatement__Output as _holdfast_v1_SignedStatement__Output } from '../../holdfast/v1/SignedStatement.ts';
import type { Cancel as _holdfast_v1_Cancel, Cancel__Output as _holdfast_v1_Cancel__Output } from '../../holdfast/v1/Cancel.ts';
import type { RoundClosed as _holdfast_v1_RoundClosed, RoundClosed__Output as _holdfast_v1_RoundClosed__Output } from '../../holdfast/v1/RoundClosed.ts';
import type { JobEnded as _holdfast_v1_JobEnded, JobEnded__Output as _holdfast_v1_JobEnded__Output } from '../../holdfast/v1/JobEnded.ts';
import type { Heartbeat as _holdfast_v1_Heartbeat, Heartbeat__Output as _holdfast_v1_Heartbeat__Output } from '../../holdfast/v1/Heartbeat.ts';

export interface CoordinatorMessage {
  'challenge'?: (_holdfast_v1_Challenge | null);
  'session'?: (_holdfast_v1_SessionOpened | null);
  'task'?: (_holdfast_v1_SignedStatement | null);
  'cancel'?: (_holdfast_v1_Cancel | null);
  'roundClosed'?: (_holdfast_v1_RoundClosed | null);
  'jobEnded'?: (_holdfast_v1_JobEnded | null);
  'heartbeat'?: (_holdfast_v1_Heartbeat | null);
  'body'?: "challenge"|"session"|"task"|"cancel"|"roundClosed"|"jobEnded"|"heartbeat";
}

export interface CoordinatorMessage__Output {
  'challenge'?: (_holdfast_v1_Challenge__Output | null);
  'session'?: (_holdfast_v1_SessionOpened__Output | null);
  'task'?: (_holdfast_v1_SignedStatement__Output | null);
  'cancel'?: (_holdfast_v1_Cancel__Output | null);
  'roundClosed'?: (_holdfast_v1_RoundClosed__Output | null);
  'jobEnded'?: (_holdfast_v1_JobEnded__Output | null);
  'heartbeat'?: (_holdfast_v1_Heartbeat__Output | null);
  'body'?: "challenge"|"session"|"task"|"cancel"|"roundClosed"|"jobEnded"|"heartbeat";
}
