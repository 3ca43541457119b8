import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Accept as _holdfast_v1_Accept, Accept__Output as _holdfast_v1_Accept__Output } from './holdfast/v1/Accept.ts';
import type { Begin as _holdfast_v1_Begin, Begin__Output as _holdfast_v1_Begin__Output } from './holdfast/v1/Begin.ts';
import type { BlobChunk as _holdfast_v1_BlobChunk, BlobChunk__Output as _holdfast_v1_BlobChunk__Output } from './holdfast/v1/BlobChunk.ts';
import type { Cancel as _holdfast_v1_Cancel, Cancel__Output as _holdfast_v1_Cancel__Output } from './holdfast/v1/Cancel.ts';
import type { Challenge as _holdfast_v1_Challenge, Challenge__Output as _holdfast_v1_Challenge__Output } from './holdfast/v1/Challenge.ts';
import type { Chunk as _holdfast_v1_Chunk, Chunk__Output as _holdfast_v1_Chunk__Output } from './holdfast/v1/Chunk.ts';
import type { ClientMessage as _holdfast_v1_ClientMessage, ClientMessage__Output as _holdfast_v1_ClientMessage__Output } from './holdfast/v1/ClientMessage.ts';
import type { CoordinatorMessage as _holdfast_v1_CoordinatorMessage, CoordinatorMessage__Output as _holdfast_v1_CoordinatorMessage__Output } from './holdfast/v1/CoordinatorMessage.ts';
import type { Decline as _holdfast_v1_Decline, Decline__Output as _holdfast_v1_Decline__Output } from './holdfast/v1/Decline.ts';
import type { DownloadBlobRequest as _holdfast_v1_DownloadBlobRequest, DownloadBlobRequest__Output as _holdfast_v1_DownloadBlobRequest__Output } from './holdfast/v1/DownloadBlobRequest.ts';
import type { GetReceiptRequest as _holdfast_v1_GetReceiptRequest, GetReceiptRequest__Output as _holdfast_v1_GetReceiptRequest__Output } from './holdfast/v1/GetReceiptRequest.ts';
import type { GetReceiptResponse as _holdfast_v1_GetReceiptResponse, GetReceiptResponse__Output as _holdfast_v1_GetReceiptResponse__Output } from './holdfast/v1/GetReceiptResponse.ts';
import type { Heartbeat as _holdfast_v1_Heartbeat, Heartbeat__Output as _holdfast_v1_Heartbeat__Output } from './holdfast/v1/Heartbeat.ts';
import type { Hello as _holdfast_v1_Hello, Hello__Output as _holdfast_v1_Hello__Output } from './holdfast/v1/Hello.ts';
import type { JobEnded as _holdfast_v1_JobEnded, JobEnded__Output as _holdfast_v1_JobEnded__Output } from './holdfast/v1/JobEnded.ts';
import type { LogHead as _holdfast_v1_LogHead, LogHead__Output as _holdfast_v1_LogHead__Output } from './holdfast/v1/LogHead.ts';
import type { LogLeaf as _holdfast_v1_LogLeaf, LogLeaf__Output as _holdfast_v1_LogLeaf__Output } from './holdfast/v1/LogLeaf.ts';
import type { LogLeaves as _holdfast_v1_LogLeaves, LogLeaves__Output as _holdfast_v1_LogLeaves__Output } from './holdfast/v1/LogLeaves.ts';
import type { ParticipationClient as _holdfast_v1_ParticipationClient, ParticipationDefinition as _holdfast_v1_ParticipationDefinition } from './holdfast/v1/Participation.ts';
import type { Proceed as _holdfast_v1_Proceed, Proceed__Output as _holdfast_v1_Proceed__Output } from './holdfast/v1/Proceed.ts';
import type { Progress as _holdfast_v1_Progress, Progress__Output as _holdfast_v1_Progress__Output } from './holdfast/v1/Progress.ts';
import type { Proof as _holdfast_v1_Proof, Proof__Output as _holdfast_v1_Proof__Output } from './holdfast/v1/Proof.ts';
import type { ReadLogRequest as _holdfast_v1_ReadLogRequest, ReadLogRequest__Output as _holdfast_v1_ReadLogRequest__Output } from './holdfast/v1/ReadLogRequest.ts';
import type { Refused as _holdfast_v1_Refused, Refused__Output as _holdfast_v1_Refused__Output } from './holdfast/v1/Refused.ts';
import type { RoundClosed as _holdfast_v1_RoundClosed, RoundClosed__Output as _holdfast_v1_RoundClosed__Output } from './holdfast/v1/RoundClosed.ts';
import type { SessionOpened as _holdfast_v1_SessionOpened, SessionOpened__Output as _holdfast_v1_SessionOpened__Output } from './holdfast/v1/SessionOpened.ts';
import type { SignedStatement as _holdfast_v1_SignedStatement, SignedStatement__Output as _holdfast_v1_SignedStatement__Output } from './holdfast/v1/SignedStatement.ts';
import type { TaskKey as _holdfast_v1_TaskKey, TaskKey__Output as _holdfast_v1_TaskKey__Output } from './holdfast/v1/TaskKey.ts';
import type { UploadMessage as _holdfast_v1_UploadMessage, UploadMessage__Output as _holdfast_v1_UploadMessage__Output } from './holdfast/v1/UploadMessage.ts';
import type { UploadReply as _holdfast_v1_UploadReply, UploadReply__Output as _holdfast_v1_UploadReply__Output } from './holdfast/v1/UploadReply.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  holdfast: {
    v1: {
      Accept: MessageTypeDefinition<_holdfast_v1_Accept, _holdfast_v1_Accept__Output>
      Begin: MessageTypeDefinition<_holdfast_v1_Begin, _holdfast_v1_Begin__Output>
      BlobChunk: MessageTypeDefinition<_holdfast_v1_BlobChunk, _holdfast_v1_BlobChunk__Output>
      Cancel: MessageTypeDefinition<_holdfast_v1_Cancel, _holdfast_v1_Cancel__Output>
      Challenge: MessageTypeDefinition<_holdfast_v1_Challenge, _holdfast_v1_Challenge__Output>
      Chunk: MessageTypeDefinition<_holdfast_v1_Chunk, _holdfast_v1_Chunk__Output>
      ClientMessage: MessageTypeDefinition<_holdfast_v1_ClientMessage, _holdfast_v1_ClientMessage__Output>
      CoordinatorMessage: MessageTypeDefinition<_holdfast_v1_CoordinatorMessage, _holdfast_v1_CoordinatorMessage__Output>
      Decline: MessageTypeDefinition<_holdfast_v1_Decline, _holdfast_v1_Decline__Output>
      DownloadBlobRequest: MessageTypeDefinition<_holdfast_v1_DownloadBlobRequest, _holdfast_v1_DownloadBlobRequest__Output>
      GetReceiptRequest: MessageTypeDefinition<_holdfast_v1_GetReceiptRequest, _holdfast_v1_GetReceiptRequest__Output>
      GetReceiptResponse: MessageTypeDefinition<_holdfast_v1_GetReceiptResponse, _holdfast_v1_GetReceiptResponse__Output>
      Heartbeat: MessageTypeDefinition<_holdfast_v1_Heartbeat, _holdfast_v1_Heartbeat__Output>
      Hello: MessageTypeDefinition<_holdfast_v1_Hello, _holdfast_v1_Hello__Output>
      JobEnded: MessageTypeDefinition<_holdfast_v1_JobEnded, _holdfast_v1_JobEnded__Output>
      LogHead: MessageTypeDefinition<_holdfast_v1_LogHead, _holdfast_v1_LogHead__Output>
      LogLeaf: MessageTypeDefinition<_holdfast_v1_LogLeaf, _holdfast_v1_LogLeaf__Output>
      LogLeaves: MessageTypeDefinition<_holdfast_v1_LogLeaves, _holdfast_v1_LogLeaves__Output>
      /**
       * A client's part in rounds. Every call but Connect carries the session token as metadata `holdfast-session-bin`.
       */
      Participation: SubtypeConstructor<typeof grpc.Client, _holdfast_v1_ParticipationClient> & { service: _holdfast_v1_ParticipationDefinition }
      Proceed: MessageTypeDefinition<_holdfast_v1_Proceed, _holdfast_v1_Proceed__Output>
      Progress: MessageTypeDefinition<_holdfast_v1_Progress, _holdfast_v1_Progress__Output>
      Proof: MessageTypeDefinition<_holdfast_v1_Proof, _holdfast_v1_Proof__Output>
      ReadLogRequest: MessageTypeDefinition<_holdfast_v1_ReadLogRequest, _holdfast_v1_ReadLogRequest__Output>
      Refused: MessageTypeDefinition<_holdfast_v1_Refused, _holdfast_v1_Refused__Output>
      RoundClosed: MessageTypeDefinition<_holdfast_v1_RoundClosed, _holdfast_v1_RoundClosed__Output>
      SessionOpened: MessageTypeDefinition<_holdfast_v1_SessionOpened, _holdfast_v1_SessionOpened__Output>
      SignedStatement: MessageTypeDefinition<_holdfast_v1_SignedStatement, _holdfast_v1_SignedStatement__Output>
      TaskKey: MessageTypeDefinition<_holdfast_v1_TaskKey, _holdfast_v1_TaskKey__Output>
      UploadMessage: MessageTypeDefinition<_holdfast_v1_UploadMessage, _holdfast_v1_UploadMessage__Output>
      UploadReply: MessageTypeDefinition<_holdfast_v1_UploadReply, _holdfast_v1_UploadReply__Output>
    }
  }
}

