import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random/random.ts";

/** Single-use nonces for administration calls. */
export interface AdminNonces {
  issue(): Uint8Array;
  /** Whether it is ours, not expired and not spent. */
  isFresh(nonce: Uint8Array): boolean;
  /** False when too many were spent within their lifetime: the call must wait. */
  spend(nonce: Uint8Array): boolean;
}

const LIFETIME_MS = 60_000;
const BODY_BYTES = 24;
const MAX_SPENT = 10_000;

/**
 * A nonce is expiry || 16 random bytes || HMAC-SHA256 under a key of this boot, so that asking for one costs no memory;
 * only spent ones, which took the administrator's signature, are remembered, until they expire. Expiry is monotonic time.
 */
export function adminNonces(random: Random, clock: Clock): AdminNonces {
  const key = random.bytes(32);
  const mac = (body: Uint8Array) => createHmac("sha256", key).update(body).digest();
  /** In the order of spending; expiry is within a lifetime of it. */
  const spent = new Map<string, number>();

  function forgetExpired(): void {
    const now = clock.monotonicMs();
    for (const [nonce, spentAt] of spent) {
      if (spentAt + LIFETIME_MS > now) break;
      spent.delete(nonce);
    }
  }

  return {
    issue() {
      const body = Buffer.alloc(BODY_BYTES);
      body.writeDoubleBE(clock.monotonicMs() + LIFETIME_MS);
      body.set(random.bytes(BODY_BYTES - 8), 8);
      return Buffer.concat([body, mac(body)]);
    },
    isFresh(nonce) {
      const bytes = Buffer.from(nonce);
      const body = bytes.subarray(0, BODY_BYTES);
      const tag = bytes.subarray(BODY_BYTES);
      return (
        tag.length === 32 &&
        timingSafeEqual(tag, mac(body)) &&
        body.readDoubleBE() > clock.monotonicMs() &&
        !spent.has(bytes.toString("hex"))
      );
    },
    spend(nonce) {
      forgetExpired();
      if (spent.size === MAX_SPENT) return false;
      spent.set(Buffer.from(nonce).toString("hex"), clock.monotonicMs());
      return true;
    },
  };
}
