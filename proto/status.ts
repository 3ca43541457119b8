import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ERROR_CATALOG, type ErrorCode, FederationError, isErrorCode } from "../core/errors.ts";

/** Trailer that names the catalogue's code; what people read is the status message, the catalogue's `told`. */
const CODE_TRAILER = "holdfast-code";
/** What else an administrator, and nobody else, is told: UTF-8. */
const DETAIL_TRAILER = "holdfast-detail-bin";
const MAX_DETAIL_BYTES = 4_096;

/** A refusal as gRPC sends it. */
export interface WireStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Only the code and its public text leave the process, and for an administrator the detail. */
export function wireStatus(code: ErrorCode, detailForAdmin?: string): WireStatus {
  const metadata = new Metadata();
  metadata.set(CODE_TRAILER, code);
  if (detailForAdmin !== undefined) {
    metadata.set(DETAIL_TRAILER, Buffer.from(detailForAdmin, "utf8").subarray(0, MAX_DETAIL_BYTES));
  }
  const { status: name, told } = ERROR_CATALOG[code];
  return { code: status[name], details: told, metadata };
}

/** The catalogue's error behind a failed call. One without a code comes from the network or from gRPC itself. */
export function errorOfCall(error: ServiceError): FederationError {
  const [code] = error.metadata?.get(CODE_TRAILER) ?? [];
  if (typeof code !== "string" || !isErrorCode(code)) {
    return new FederationError(codeOfStatus(error.code), error.details || error.message, { cause: error });
  }
  const [detail] = error.metadata.get(DETAIL_TRAILER);
  const text = Buffer.isBuffer(detail) ? detail.toString("utf8") : ERROR_CATALOG[code].told;
  return new FederationError(code, text);
}

function codeOfStatus(code: status): ErrorCode {
  if (code === status.RESOURCE_EXHAUSTED) return "RATE_EXCEEDED";
  if (code === status.UNIMPLEMENTED) return "PROTOCOL_UNSUPPORTED";
  return "COORDINATOR_UNREACHABLE";
}
