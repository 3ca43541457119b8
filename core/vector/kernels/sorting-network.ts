/**
 * Comparators that bring n values into ascending order: pairs of places, one pair behind the other, the lesser value to
 * the first. Merge exchange (Batcher 1968; Knuth, The Art of Computer Programming 3, 5.2.2, Algorithm M), which takes any
 * n, without the comparators that no place from `from` to before `to` depends on.
 */
export function sortingNetwork(n: number, from = 0, to = n): Uint32Array {
  const wanted = new Uint8Array(n).fill(1, from, to);
  const kept: number[] = [];
  for (const [a, b] of [...mergeExchange(n)].reverse()) {
    if (wanted[a] === 0 && wanted[b] === 0) continue;
    wanted[a] = 1;
    wanted[b] = 1;
    kept.push(b, a);
  }
  return Uint32Array.from(kept).reverse();
}

/** As many comparators as 2^t values need, n being at most 2^t; no network of this file for n values has more. */
export function maxComparators(n: number): number {
  const t = Math.ceil(Math.log2(Math.max(1, n)));
  return (t * t - t + 4) * 2 ** (t - 2) - 1;
}

function* mergeExchange(n: number): Generator<readonly [number, number]> {
  const top = 2 ** (Math.ceil(Math.log2(n)) - 1);
  for (let p = top; p >= 1; p /= 2) {
    yield* comparators(n, p, p, 0);
    for (let q = top; q > p; q /= 2) yield* comparators(n, p, q - p, p);
  }
}

/** All places i, with bit p as in `r`, against those `distance` behind them. */
function* comparators(n: number, p: number, distance: number, r: number): Generator<readonly [number, number]> {
  for (let i = 0; i < n - distance; i++) {
    if ((i & p) === r) yield [i, i + distance];
  }
}
