// Original file: proto/holdfast/v1/administration.proto

import type { ClientSummary as _holdfast_v1_ClientSummary, ClientSummary__Output as _holdfast_v1_ClientSummary__Output } from '../../holdfast/v1/ClientSummary.ts';

export interface ListClientsResponse {
  'clients'?: (_holdfast_v1_ClientSummary)[];
}

export interface ListClientsResponse__Output {
  'clients': (_holdfast_v1_ClientSummary__Output)[];
}
