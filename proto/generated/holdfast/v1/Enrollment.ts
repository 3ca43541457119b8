// Original file: proto/holdfast/v1/enrollment.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { EnrollRequest as _holdfast_v1_EnrollRequest, EnrollRequest__Output as _holdfast_v1_EnrollRequest__Output } from '../../holdfast/v1/EnrollRequest.ts';
import type { EnrollResponse as _holdfast_v1_EnrollResponse, EnrollResponse__Output as _holdfast_v1_EnrollResponse__Output } from '../../holdfast/v1/EnrollResponse.ts';

/**
 * Joining the federation: one token, one key, one client.
 */
export interface EnrollmentClient extends grpc.Client {
  Enroll(argument: _holdfast_v1_EnrollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_holdfast_v1_EnrollResponse__Output>): grpc.ClientUnaryCall;
  Enroll(argument: _holdfast_v1_EnrollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_holdfast_v1_EnrollResponse__Output>): grpc.ClientUnaryCall;
  Enroll(argument: _holdfast_v1_EnrollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_holdfast_v1_EnrollResponse__Output>): grpc.ClientUnaryCall;
  Enroll(argument: _holdfast_v1_EnrollRequest, callback: grpc.requestCallback<_holdfast_v1_EnrollResponse__Output>): grpc.ClientUnaryCall;
  enroll(argument: _holdfast_v1_EnrollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_holdfast_v1_EnrollResponse__Output>): grpc.ClientUnaryCall;
  enroll(argument: _holdfast_v1_EnrollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_holdfast_v1_EnrollResponse__Output>): grpc.ClientUnaryCall;
  enroll(argument: _holdfast_v1_EnrollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_holdfast_v1_EnrollResponse__Output>): grpc.ClientUnaryCall;
  enroll(argument: _holdfast_v1_EnrollRequest, callback: grpc.requestCallback<_holdfast_v1_EnrollResponse__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Joining the federation: one token, one key, one client.
 */
export interface EnrollmentHandlers extends grpc.UntypedServiceImplementation {
  Enroll: grpc.handleUnaryCall<_holdfast_v1_EnrollRequest__Output, _holdfast_v1_EnrollResponse>;
  
}

export interface EnrollmentDefinition extends grpc.ServiceDefinition {
  Enroll: MethodDefinition<_holdfast_v1_EnrollRequest, _holdfast_v1_EnrollResponse, _holdfast_v1_EnrollRequest__Output, _holdfast_v1_EnrollResponse__Output>
}
