import { sha256 } from "../../core/crypto/sha256.ts";
import { type ErrorCode, FederationError, type Refusal, refuse } from "../../core/errors.ts";
import type { Digest, UpdateId } from "../../core/ids.ts";
import { floatsOf } from "../../core/tensors/digest.ts";
import { numCoordinates, type TensorSchema } from "../../core/tensors/schema.ts";
import { sumOfSquares } from "../../core/vector/norms.ts";
import type { BlobStore, Spool } from "../storage/blob-store.ts";
import { INLINE_BYTES, type InlineBlob } from "../storage/journal.ts";
import { slicesOf } from "../storage/row-sources.ts";

/** A payload on its way in, in memory while small, else in a spool file that a broken upload resumes. */
export interface Body {
  readonly offset: number;
  write(bytes: Uint8Array): Promise<void>;
  digest(): Digest;
  /** Sum of squares in float64; NaN or infinite when a value is. */
  sumOfSquares(): Promise<number>;
  /** Makes it durable, except what the journal's own transaction carries. */
  keep(): Promise<readonly InlineBlob[]>;
  suspend(): Promise<void>;
  discard(): Promise<void>;
}

export async function openBody(updateId: UpdateId, schema: TensorSchema, blobs: BlobStore): Promise<Body> {
  const sizeBytes = numCoordinates(schema) * Float32Array.BYTES_PER_ELEMENT;
  if (sizeBytes <= INLINE_BYTES) return memoryBody(sizeBytes);
  return spooledBody(await blobs.openSpool(updateId, schema, sizeBytes));
}

function memoryBody(sizeBytes: number): Body {
  const held = new Uint8Array(sizeBytes);
  let offset = 0;
  const nothing = async () => undefined;
  return {
    get offset() {
      return offset;
    },
    async write(bytes) {
      if (offset + bytes.length > sizeBytes) throw new FederationError("CHUNK_INVALID", "more bytes than announced");
      held.set(bytes, offset);
      offset += bytes.length;
    },
    digest: () => sha256(held),
    sumOfSquares: async () => sumOfSquares(floatsOf(held)),
    keep: async () => [{ digest: sha256(held), bytes: held }],
    suspend: nothing,
    discard: nothing,
  };
}

function spooledBody(spool: Spool): Body {
  // taken along while the bytes stream; a resumed upload is read again at the end
  let sum = spool.offset === 0 ? 0 : undefined;
  return {
    get offset() {
      return spool.offset;
    },
    async write(bytes) {
      const writing = spool.write(bytes);
      const isWhole = sum !== undefined && bytes.length % Float32Array.BYTES_PER_ELEMENT === 0;
      const next = isWhole ? sumOfSquares(floatsOf(bytes), sum) : undefined;
      await writing;
      sum = next;
    },
    digest: () => spool.digest(),
    sumOfSquares: async () => sum ?? sumOfSquaresOf(spool),
    async keep() {
      await spool.adopt();
      return [];
    },
    suspend: () => spool.suspend(),
    discard: () => spool.discard(),
  };
}

async function sumOfSquaresOf(spool: Spool): Promise<number> {
  let sum = 0;
  for await (const slice of slicesOf(spool.file())) sum = sumOfSquares(floatsOf(slice), sum);
  return sum;
}

/** What storage refuses (a full disk, a chunk out of place) is a refusal; anything else is a broken promise. */
export async function refusing<T>(codes: readonly ErrorCode[], attempt: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof FederationError && codes.includes(error.code)) return refuse(error.code, error.message);
    throw error;
  }
}
