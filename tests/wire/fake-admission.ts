import type { Admission, Begun, Upload } from "../../coordinator/parts.ts";
import { decodeHeader, updateIdOf } from "../../core/crypto/envelope.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import type { SigningKey } from "../../core/crypto/sign.ts";
import { signReceipt } from "../../core/crypto/statements.ts";
import { isRefusal, type Refusal, refuse } from "../../core/errors.ts";
import { type FederationId, type UpdateId, ZERO_DIGEST } from "../../core/ids.ts";
import type { SignedReceipt } from "../../core/statements.ts";

/** Takes any update whose header decodes and whose payload has the signed digest. */
export interface FakeAdmission extends Admission {
  /** How uploads began and ended, in order. */
  readonly log: string[];
  /** Refuse the next chunk after this many bytes. */
  refuseAfter: number | undefined;
  /** Called before each chunk is taken. */
  beforeWrite: (offset: number) => Promise<void> | void;
}

export function fakeAdmission(key: SigningKey, origin: FederationId): FakeAdmission {
  const receipts = new Map<UpdateId, SignedReceipt>();
  const partial = new Map<UpdateId, Buffer>();
  const admission: FakeAdmission = {
    log: [],
    refuseAfter: undefined,
    beforeWrite: () => undefined,
    async begin(_, headerBytes): Promise<Begun> {
      const header = decodeHeader(headerBytes);
      if (isRefusal(header)) return { outcome: "refused", refusal: header };
      const updateId = updateIdOf(headerBytes);
      const receipt = receipts.get(updateId);
      if (receipt !== undefined) return { outcome: "known", receipt };
      const body = partial.get(updateId) ?? Buffer.alloc(0);
      admission.log.push(`begin at ${body.length}`);
      const { payloadLength, payloadSha256 } = header;
      return { outcome: "proceed", upload: upload(updateId, body, payloadLength, payloadSha256) };
    },
    receiptOf: (_, updateId) => receipts.get(updateId) ?? refuse("RECEIPT_UNKNOWN", updateId),
  };

  function upload(updateId: UpdateId, start: Buffer, sizeBytes: number, digest: string): Upload {
    const chunks: Uint8Array[] = [start];
    let offset = start.length;
    return {
      get offset() {
        return offset;
      },
      sizeBytes,
      async write(at, bytes): Promise<Refusal | undefined> {
        await admission.beforeWrite(at);
        if (at !== offset) return refuse("CHUNK_INVALID", `${at} after ${offset}`);
        if (admission.refuseAfter !== undefined && offset >= admission.refuseAfter) return refuse("DISK_FULL", "full");
        chunks.push(Uint8Array.from(bytes)); // the wire takes its memory back
        offset += bytes.length;
        return undefined;
      },
      async finish() {
        if (sha256(Buffer.concat(chunks)) !== digest) return refuse("PAYLOAD_DIGEST_MISMATCH", updateId);
        const head = { origin, size: 1, root: ZERO_DIGEST, timeMs: 0, signature: "00".repeat(64) };
        const receipt = signReceipt(
          { updateId, decision: "admitted", code: null, logIndex: 0, head, receivedAtMs: 0 },
          key,
        );
        receipts.set(updateId, receipt);
        admission.log.push("finish");
        return receipt;
      },
      async suspend() {
        partial.set(updateId, Buffer.concat(chunks));
        admission.log.push("suspend");
      },
      async abandon(code) {
        admission.log.push(`abandon ${code}`);
      },
    };
  }
  return admission;
}
