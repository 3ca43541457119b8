import type { Part, Piece } from "./tasks.ts";

/** Runs pieces, here or in other threads. */
export type RunPiece = (piece: Piece) => Promise<Part>;

/**
 * The parts in the order of their pieces, whoever is done first; at most `numAhead` are under way or wait for their
 * turn. When it ends, for whatever reason, no row is being read any more.
 * @throws the signal's reason when it is aborted
 */
export async function* partsInOrder(
  pieces: Iterable<Piece>,
  run: RunPiece,
  numAhead: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Part> {
  const ahead: Promise<Part>[] = [];
  try {
    for (const piece of pieces) {
      if (ahead.length === numAhead) yield await (ahead.shift() as Promise<Part>);
      signal?.throwIfAborted();
      const part = run(piece);
      // a failure is met when its turn comes
      part.catch(() => undefined);
      ahead.push(part);
    }
    for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
      yield await next;
      signal?.throwIfAborted();
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}
