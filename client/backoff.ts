import type { Random } from "../core/random/random.ts";

/** How long to wait before trying again. */
export interface Backoff {
  /** The next wait in milliseconds; each call doubles the one after it, up to the cap. */
  next(): number;
  /** It worked: start from the first wait again. */
  reset(): void;
}

/**
 * Capped exponential backoff, half of each wait by chance: a coordinator that comes back is not met by every client
 * in the same instant, and no wait is close to zero.
 */
export function backoff(random: Random, { firstMs = 500, capMs = 30_000 } = {}): Backoff {
  let failures = 0;
  return {
    next: () => {
      const ceiling = Math.min(capMs, firstMs * 2 ** failures);
      if (ceiling < capMs) failures++;
      return ceiling / 2 + (ceiling / 2) * random.uniform();
    },
    reset: () => {
      failures = 0;
    },
  };
}
