import type { GetNonceResponse } from "../../proto/generated/holdfast/v1/GetNonceResponse.ts";
import type { Serving } from "./serving.ts";

export function getNonce({ nonces }: Serving): GetNonceResponse {
  return { nonce: nonces.issue() };
}
