import { merkleFrontier } from "../../core/crypto/merkle.ts";
import { publicLeafHash } from "../../core/crypto/public-leaf.ts";
import { FederationError } from "../../core/errors.ts";
import type { SignedHead } from "../../core/statements.ts";
import type { Session } from "../transport.ts";

/**
 * Walks the whole log up to the newest of the signed heads and holds it against each of them: what the coordinator hands
 * out is then exactly what it signed, with nothing left out, changed or put in. `take` sees the public part of each event
 * as it comes, so nothing it finds counts before this has resolved.
 * @returns the number of entries
 * @throws LOG_FORKED; then what `take` threw, at the first event it did not like
 */
export async function auditLog(
  session: Session,
  heads: readonly SignedHead[],
  take: (event: unknown) => void,
  signal: AbortSignal,
): Promise<number> {
  const size = Math.max(0, ...heads.map((it) => it.size));
  const tree = merkleFrontier();
  let objection: unknown;
  if (size > 0) {
    await session.readLog(
      size,
      (leaf) => {
        tree.append(publicLeafHash(leaf));
        for (const head of heads) if (head.size === tree.size && head.root !== tree.root()) throw forked(head);
        objection ??= objectionTo(leaf.publicBytes, take);
      },
      signal,
    );
  }
  if (tree.size < size) {
    throw new FederationError("LOG_FORKED", `the coordinator hands out ${tree.size} of ${size} entries of its log`);
  }
  if (objection !== undefined) throw objection;
  return size;
}

function objectionTo(publicBytes: Uint8Array, take: (event: unknown) => void): unknown {
  try {
    take(JSON.parse(Buffer.from(publicBytes).toString("utf8")));
    return undefined;
  } catch (error) {
    if (error instanceof FederationError) return error;
    return new FederationError("DATA_FILE_INVALID", "an entry of the log does not parse", { cause: error });
  }
}

function forked({ size, root }: SignedHead): FederationError {
  return new FederationError(
    "LOG_FORKED",
    `the first ${size} entries that the coordinator hands out are not those of the head it signed, with root ${root}: ` +
      "an entry was left out, changed or put in",
  );
}
