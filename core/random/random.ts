/** A source of randomness, passed as an argument wherever chance is needed. */
export interface Random {
  /** Fills the array with random bytes and returns it. */
  bytes(length: number): Uint8Array;
  /** A double in [0, 1) with 53 random bits. */
  uniform(): number;
}

/** An integer in [0, bound), by rejection, so that no value is favoured. bound is at most 2^48. */
function randomInteger(random: Random, bound: number): number {
  const span = 2 ** 48;
  const limit = span - (span % bound);
  for (;;) {
    const bytes = random.bytes(6);
    let value = 0;
    for (let i = 0; i < bytes.length; i++) value = 256 * value + (bytes[i] as number);
    if (value < limit) return value % bound;
  }
}

/** The indices 0..n-1 in random order, each drawn when it is asked for (Fisher-Yates from the end). */
export function* draws(random: Random, n: number): Generator<number, void> {
  const left = new Uint32Array(n);
  for (let i = 0; i < n; i++) left[i] = i;
  for (let last = n - 1; last >= 0; last--) {
    const j = last === 0 ? 0 : randomInteger(random, last + 1);
    const drawn = left[j] as number;
    left[j] = left[last] as number;
    yield drawn;
  }
}

/** The indices 0..n-1 in random order. */
export function permutation(random: Random, n: number): Uint32Array {
  const order = new Uint32Array(n);
  let place = n;
  for (const drawn of draws(random, n)) order[--place] = drawn;
  return order;
}

/** `count` different integers of [0, bound), each set as likely as any other (Floyd's algorithm), in no useful order. */
export function distinct(random: Random, count: number, bound: number): Uint32Array {
  const chosen = new Set<number>();
  for (let last = bound - count; last < bound; last++) {
    const drawn = randomInteger(random, last + 1);
    chosen.add(chosen.has(drawn) ? last : drawn);
  }
  return Uint32Array.from(chosen);
}
