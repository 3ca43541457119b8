import { createSecureContext } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import { isLoopback } from "../core/address.ts";
import { FederationError } from "../core/errors.ts";
import type { FederationId } from "../core/ids.ts";

/** How to reach a coordinator and know that it is the right one. */
export interface Target {
  readonly address: string;
  readonly federationId: FederationId;
  /** The only authority trusted; null = plaintext. */
  readonly caCertificatePem: string | null;
  /** Plaintext beyond loopback, because somebody asked for it by name. */
  readonly forcePlaintext?: boolean;
}

/** What a grpc-js client constructor takes. */
export type Dial = readonly [address: string, credentials: ChannelCredentials, options: ChannelOptions];

/** HTTP/2 window for what we receive: at 50 ms of round trip the default of 64 KiB would cap a download at 1.3 MB/s. */
const RECEIVE_WINDOW_BYTES = 16 * 1024 * 1024;

/** @throws PLAINTEXT_REFUSED when the way is neither encrypted, on this machine, nor forced */
export function dial({ address, federationId, caCertificatePem, forcePlaintext = false }: Target): Dial {
  const local = isLoopback(address);
  if (caCertificatePem === null && !local && !forcePlaintext) {
    throw new FederationError("PLAINTEXT_REFUSED", `no certificate authority is known for ${address}`);
  }
  const options: ChannelOptions = {
    "grpc-node.flow_control_window": RECEIVE_WINDOW_BYTES,
    // our calls resume at their own offsets; grpc's retries would hold a copy of every message
    "grpc.enable_retries": 0,
    // a write is done when the message has left, not when it lies in a buffer for a retry
    "grpc.per_rpc_retry_buffer_size": 0,
    "grpc.enable_channelz": 0,
    "grpc.enable_http_proxy": local ? 0 : 1,
    "grpc.service_config_disable_resolution": 1,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 5_000,
  };
  if (caCertificatePem === null) return [address, credentials.createInsecure(), options];
  const context = createSecureContext({ ca: caCertificatePem, minVersion: "TLSv1.3" });
  return [
    address,
    credentials.createFromSecureContext(context),
    { ...options, "grpc.ssl_target_name_override": federationId, "grpc.default_authority": federationId },
  ];
}
