// Original file: proto/holdfast/v1/participation.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BlobChunk as _holdfast_v1_BlobChunk, BlobChunk__Output as _holdfast_v1_BlobChunk__Output } from '../../holdfast/v1/BlobChunk.ts';
import type { ClientMessage as _holdfast_v1_ClientMessage, ClientMessage__Output as _holdfast_v1_ClientMessage__Output } from '../../holdfast/v1/ClientMessage.ts';
import type { CoordinatorMessage as _holdfast_v1_CoordinatorMessage, CoordinatorMessage__Output as _holdfast_v1_CoordinatorMessage__Output } from '../../holdfast/v1/CoordinatorMessage.ts';
import type { DownloadBlobRequest as _holdfast_v1_DownloadBlobRequest, DownloadBlobRequest__Output as _holdfast_v1_DownloadBlobRequest__Output } from '../../holdfast/v1/DownloadBlobRequest.ts';
import type { GetReceiptRequest as _holdfast_v1_GetReceiptRequest, GetReceiptRequest__Output as _holdfast_v1_GetReceiptRequest__Output } from '../../holdfast/v1/GetReceiptRequest.ts';
import type { GetReceiptResponse as _holdfast_v1_GetReceiptResponse, GetReceiptResponse__Output as _holdfast_v1_GetReceiptResponse__Output } from '../../holdfast/v1/GetReceiptResponse.ts';
import type { LogLeaves as _holdfast_v1_LogLeaves, LogLeaves__Output as _holdfast_v1_LogLeaves__Output } from '../../holdfast/v1/LogLeaves.ts';
import type { ReadLogRequest as _holdfast_v1_ReadLogRequest, ReadLogRequest__Output as _holdfast_v1_ReadLogRequest__Output } from '../../holdfast/v1/ReadLogRequest.ts';
import type { UploadMessage as _holdfast_v1_UploadMessage, UploadMessage__Output as _holdfast_v1_UploadMessage__Output } from '../../holdfast/v1/UploadMessage.ts';
import type { UploadReply as _holdfast_v1_UploadReply, UploadReply__Output as _holdfast_v1_UploadReply__Output } from '../../holdfast/v1/UploadReply.ts';

/**
 * A client's part in rounds. Every call but Connect carries the session token as metadata `holdfast-session-bin`.
 */
export interface ParticipationClient extends grpc.Client {
  /**
   * Control by a pushed stream: hello, challenge, proof, session; then tasks and answers.
   */
  Connect(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_holdfast_v1_ClientMessage, _holdfast_v1_CoordinatorMessage__Output>;
  Connect(options?: grpc.CallOptions): grpc.ClientDuplexStream<_holdfast_v1_ClientMessage, _holdfast_v1_CoordinatorMessage__Output>;
  /**
   * Control by a pushed stream: hello, challenge, proof, session; then tasks and answers.
   */
  connect(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_holdfast_v1_ClientMessage, _holdfast_v1_CoordinatorMessage__Output>;
  connect(options?: grpc.CallOptions): grpc.ClientDuplexStream<_holdfast_v1_ClientMessage, _holdfast_v1_CoordinatorMessage__Output>;
  
  /**
   * A blob that an open task names, from an offset, so that a broken transfer resumes.
   */
  DownloadBlob(argument: _holdfast_v1_DownloadBlobRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_holdfast_v1_BlobChunk__Output>;
  DownloadBlob(argument: _holdfast_v1_DownloadBlobRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_holdfast_v1_BlobChunk__Output>;
  /**
   * A blob that an open task names, from an offset, so that a broken transfer resumes.
   */
  downloadBlob(argument: _holdfast_v1_DownloadBlobRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_holdfast_v1_BlobChunk__Output>;
  downloadBlob(argument: _holdfast_v1_DownloadBlobRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_holdfast_v1_BlobChunk__Output>;
  
  /**
   * Ask again: an acknowledgement that was lost is not work that was lost.
   */
  GetReceipt(argument: _holdfast_v1_GetReceiptRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_holdfast_v1_GetReceiptResponse__Output>): grpc.ClientUnaryCall;
  GetReceipt(argument: _holdfast_v1_GetReceiptRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_holdfast_v1_GetReceiptResponse__Output>): grpc.ClientUnaryCall;
  GetReceipt(argument: _holdfast_v1_GetReceiptRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_holdfast_v1_GetReceiptResponse__Output>): grpc.ClientUnaryCall;
  GetReceipt(argument: _holdfast_v1_GetReceiptRequest, callback: grpc.requestCallback<_holdfast_v1_GetReceiptResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Ask again: an acknowledgement that was lost is not work that was lost.
   */
  getReceipt(argument: _holdfast_v1_GetReceiptRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_holdfast_v1_GetReceiptResponse__Output>): grpc.ClientUnaryCall;
  getReceipt(argument: _holdfast_v1_GetReceiptRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_holdfast_v1_GetReceiptResponse__Output>): grpc.ClientUnaryCall;
  getReceipt(argument: _holdfast_v1_GetReceiptRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_holdfast_v1_GetReceiptResponse__Output>): grpc.ClientUnaryCall;
  getReceipt(argument: _holdfast_v1_GetReceiptRequest, callback: grpc.requestCallback<_holdfast_v1_GetReceiptResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The public part of the log, leaf by leaf: whoever has it all recomputes the root that heads are signed over, and from
   * its charges its own epsilon. One such call of a client at a time.
   */
  ReadLog(argument: _holdfast_v1_ReadLogRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_holdfast_v1_LogLeaves__Output>;
  ReadLog(argument: _holdfast_v1_ReadLogRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_holdfast_v1_LogLeaves__Output>;
  /**
   * The public part of the log, leaf by leaf: whoever has it all recomputes the root that heads are signed over, and from
   * its charges its own epsilon. One such call of a client at a time.
   */
  readLog(argument: _holdfast_v1_ReadLogRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_holdfast_v1_LogLeaves__Output>;
  readLog(argument: _holdfast_v1_ReadLogRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_holdfast_v1_LogLeaves__Output>;
  
  UploadUpdate(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_holdfast_v1_UploadMessage, _holdfast_v1_UploadReply__Output>;
  UploadUpdate(options?: grpc.CallOptions): grpc.ClientDuplexStream<_holdfast_v1_UploadMessage, _holdfast_v1_UploadReply__Output>;
  uploadUpdate(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_holdfast_v1_UploadMessage, _holdfast_v1_UploadReply__Output>;
  uploadUpdate(options?: grpc.CallOptions): grpc.ClientDuplexStream<_holdfast_v1_UploadMessage, _holdfast_v1_UploadReply__Output>;
  
}

/**
 * A client's part in rounds. Every call but Connect carries the session token as metadata `holdfast-session-bin`.
 */
export interface ParticipationHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Control by a pushed stream: hello, challenge, proof, session; then tasks and answers.
   */
  Connect: grpc.handleBidiStreamingCall<_holdfast_v1_ClientMessage__Output, _holdfast_v1_CoordinatorMessage>;
  
  /**
   * A blob that an open task names, from an offset, so that a broken transfer resumes.
   */
  DownloadBlob: grpc.handleServerStreamingCall<_holdfast_v1_DownloadBlobRequest__Output, _holdfast_v1_BlobChunk>;
  
  /**
   * Ask again: an acknowledgement that was lost is not work that was lost.
   */
  GetReceipt: grpc.handleUnaryCall<_holdfast_v1_GetReceiptRequest__Output, _holdfast_v1_GetReceiptResponse>;
  
  /**
   * The public part of the log, leaf by leaf: whoever has it all recomputes the root that heads are signed over, and from
   * its charges its own epsilon. One such call of a client at a time.
   */
  ReadLog: grpc.handleServerStreamingCall<_holdfast_v1_ReadLogRequest__Output, _holdfast_v1_LogLeaves>;
  
  UploadUpdate: grpc.handleBidiStreamingCall<_holdfast_v1_UploadMessage__Output, _holdfast_v1_UploadReply>;
  
}

export interface ParticipationDefinition extends grpc.ServiceDefinition {
  Connect: MethodDefinition<_holdfast_v1_ClientMessage, _holdfast_v1_CoordinatorMessage, _holdfast_v1_ClientMessage__Output, _holdfast_v1_CoordinatorMessage__Output>
  DownloadBlob: MethodDefinition<_holdfast_v1_DownloadBlobRequest, _holdfast_v1_BlobChunk, _holdfast_v1_DownloadBlobRequest__Output, _holdfast_v1_BlobChunk__Output>
  GetReceipt: MethodDefinition<_holdfast_v1_GetReceiptRequest, _holdfast_v1_GetReceiptResponse, _holdfast_v1_GetReceiptRequest__Output, _holdfast_v1_GetReceiptResponse__Output>
  ReadLog: MethodDefinition<_holdfast_v1_ReadLogRequest, _holdfast_v1_LogLeaves, _holdfast_v1_ReadLogRequest__Output, _holdfast_v1_LogLeaves__Output>
  UploadUpdate: MethodDefinition<_holdfast_v1_UploadMessage, _holdfast_v1_UploadReply, _holdfast_v1_UploadMessage__Output, _holdfast_v1_UploadReply__Output>
}
