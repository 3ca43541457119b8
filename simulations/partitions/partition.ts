/** Which examples each client holds: for every client, indices into the data set, ascending. */
export type Partition = readonly Uint32Array[];

/**
 * Moves examples from whoever holds most to those below `minimum`, highest index first, until nobody is below.
 *
 * @param shares one array per client; changed in place
 */
export function atLeast(shares: number[][], minimum: number): Partition {
  for (const share of shares) {
    while (share.length < minimum) {
      const richest = shares.reduce((most, it) => (it.length > most.length ? it : most));
      const moved = richest.length > minimum ? richest.pop() : undefined;
      if (moved === undefined) throw new RangeError(`too few examples for ${shares.length} clients of ${minimum}`);
      share.push(moved);
    }
  }
  return shares.map((share) => Uint32Array.from(share).sort());
}
