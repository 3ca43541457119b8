import type { Clock } from "../../core/clock.ts";

/** Says whether one more call from this key may be served now. */
export type RateLimit = (key: string) => boolean;

const MAX_KEYS = 10_000;

/**
 * A token bucket for every key, refilled at `perSecond` and `burst` deep. Keys are forgotten oldest first, so that an
 * attacker of many addresses costs bounded memory.
 */
export function rateLimit(perSecond: number, burst: number, clock: Clock): RateLimit {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return (key) => {
    const nowMs = clock.monotonicMs();
    const bucket = buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * perSecond);
    const allowed = tokens >= 1;
    buckets.delete(key);
    buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    if (buckets.size > MAX_KEYS) buckets.delete(buckets.keys().next().value as string);
    return allowed;
  };
}
