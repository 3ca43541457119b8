import { readFile } from "node:fs/promises";
import type { Session, Transport } from "../../client/index.ts";
import type { SignedUpdate } from "../../core/update.ts";

export type Submit = Session["submit"];

/** A transport whose sessions submit in another way; what it remembers outlives the sessions. */
export function submittingBy(honest: Transport, submitBy: (submit: Submit) => Submit): Transport {
  return {
    connect: async (signal) => {
      const session = await honest.connect(signal);
      return { ...session, submit: submitBy((update, until) => session.submit(update, until)) };
    },
    close: () => honest.close(),
  };
}

/** The update with its payload in memory, since the client forgets the file once the update is answered. */
export async function kept(update: SignedUpdate): Promise<SignedUpdate> {
  const { bytes, path, offset, sizeBytes } = update.payload;
  const payload = bytes ?? (await readFile(path)).subarray(offset, offset + sizeBytes);
  return { ...update, payload: { ...update.payload, bytes: Uint8Array.from(payload) } };
}
