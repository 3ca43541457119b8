import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { BlobChunk as _holdfast_v1_BlobChunk, BlobChunk__Output as _holdfast_v1_BlobChunk__Output } from './holdfast/v1/BlobChunk.ts';
import type { EnrollRequest as _holdfast_v1_EnrollRequest, EnrollRequest__Output as _holdfast_v1_EnrollRequest__Output } from './holdfast/v1/EnrollRequest.ts';
import type { EnrollResponse as _holdfast_v1_EnrollResponse, EnrollResponse__Output as _holdfast_v1_EnrollResponse__Output } from './holdfast/v1/EnrollResponse.ts';
import type { EnrollmentClient as _holdfast_v1_EnrollmentClient, EnrollmentDefinition as _holdfast_v1_EnrollmentDefinition } from './holdfast/v1/Enrollment.ts';
import type { LogHead as _holdfast_v1_LogHead, LogHead__Output as _holdfast_v1_LogHead__Output } from './holdfast/v1/LogHead.ts';
import type { Refused as _holdfast_v1_Refused, Refused__Output as _holdfast_v1_Refused__Output } from './holdfast/v1/Refused.ts';
import type { SignedStatement as _holdfast_v1_SignedStatement, SignedStatement__Output as _holdfast_v1_SignedStatement__Output } from './holdfast/v1/SignedStatement.ts';
import type { TaskKey as _holdfast_v1_TaskKey, TaskKey__Output as _holdfast_v1_TaskKey__Output } from './holdfast/v1/TaskKey.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  holdfast: {
    v1: {
      BlobChunk: MessageTypeDefinition<_holdfast_v1_BlobChunk, _holdfast_v1_BlobChunk__Output>
      EnrollRequest: MessageTypeDefinition<_holdfast_v1_EnrollRequest, _holdfast_v1_EnrollRequest__Output>
      EnrollResponse: MessageTypeDefinition<_holdfast_v1_EnrollResponse, _holdfast_v1_EnrollResponse__Output>
      /**
       * Joining the federation: one token, one key, one client.
       */
      Enrollment: SubtypeConstructor<typeof grpc.Client, _holdfast_v1_EnrollmentClient> & { service: _holdfast_v1_EnrollmentDefinition }
      LogHead: MessageTypeDefinition<_holdfast_v1_LogHead, _holdfast_v1_LogHead__Output>
      Refused: MessageTypeDefinition<_holdfast_v1_Refused, _holdfast_v1_Refused__Output>
      SignedStatement: MessageTypeDefinition<_holdfast_v1_SignedStatement, _holdfast_v1_SignedStatement__Output>
      TaskKey: MessageTypeDefinition<_holdfast_v1_TaskKey, _holdfast_v1_TaskKey__Output>
    }
  }
}

