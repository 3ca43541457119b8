import type { PublicLeaf } from "../../core/crypto/public-leaf.ts";
import { FederationError } from "../../core/errors.ts";
import type { LogLeaf } from "../../proto/generated/holdfast/v1/LogLeaf.ts";
import type { LogLeaves } from "../../proto/generated/holdfast/v1/LogLeaves.ts";
import type { ReadLogRequest__Output as ReadLogRequest } from "../../proto/generated/holdfast/v1/ReadLogRequest.ts";
import type { ClientSession } from "../parts.ts";
import type { Caller, Serving } from "./serving.ts";

/** What one call holds of the log at a time. */
const LEAVES_AT_ONCE = 64;

/** Most of the public parts in one message; a single leaf may be longer. */
const MESSAGE_BYTES = 256 * 1024;

/**
 * The public leaves of the log, page by page, read no faster than they are taken. Whoever asks hashes all of them, so
 * nothing is left out by kind: what must not be told of others is not in the public part (audit/commitments.ts).
 */
export async function* readLog(
  { fromIndex, size }: ReadLogRequest,
  { session, ended }: Caller,
  { parts, logReaders }: Serving,
): AsyncGenerator<LogLeaves> {
  const release = taken(session, logReaders);
  try {
    const { journal } = parts;
    const end = Math.min(size, journal.size);
    for (let next = fromIndex; next < end; ) {
      ended.throwIfAborted();
      const leaves = firstOf(journal.leaves(next, Math.min(LEAVES_AT_ONCE, end - next)));
      if (leaves.length === 0) throw new FederationError("JOURNAL_CORRUPT", `event ${next} is missing`);
      yield { leaves };
      next += leaves.length;
    }
  } finally {
    release();
  }
}

/** As many as a message takes. */
function firstOf(page: readonly PublicLeaf[]): LogLeaf[] {
  const leaves: LogLeaf[] = [];
  let bytes = 0;
  for (const { publicBytes, sealedSha256 } of page) {
    bytes += publicBytes.length;
    if (leaves.length > 0 && bytes > MESSAGE_BYTES) break;
    leaves.push({ public: publicBytes, sealedSha256 });
  }
  return leaves;
}

/** @throws RATE_EXCEEDED while this session reads already: a client needs the log once at a time */
function taken(session: ClientSession, readers: WeakSet<ClientSession>): () => void {
  if (readers.has(session)) throw new FederationError("RATE_EXCEEDED", `${session.clientId} reads the log already`);
  readers.add(session);
  return () => readers.delete(session);
}
