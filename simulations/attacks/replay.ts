import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Session } from "../../client/index.ts";
import type { SignedUpdate } from "../../core/update.ts";
import type { TransportAttack } from "./attack.ts";

/**
 * Replay: after each update the client resubmits the one before it, signature and all, hoping to be counted twice.
 *
 * @param folder where the previous update's bytes are kept, since the client itself forgets them once answered
 */
export function replay({ folder }: { readonly folder: string }): TransportAttack {
  return {
    decorates: "transport",
    knows: "none",
    decorate: (honest) => {
      const submitter = replayingSubmitter(folder);
      return {
        connect: async (signal) => {
          const session = await honest.connect(signal);
          return { ...session, submit: submitter(session) };
        },
        close: () => honest.close(),
      };
    },
  };
}

/** Remembers one update across the sessions that it submits through. */
function replayingSubmitter(folder: string): (session: Session) => Session["submit"] {
  let previous: SignedUpdate | undefined;
  return (session) => async (update, signal) => {
    const earlier = previous;
    previous = await copied(update, folder);
    const answer = await session.submit(update, signal);
    if (earlier !== undefined && earlier.updateId !== update.updateId) {
      // Whatever becomes of the replay, the client's own update has its answer.
      await session.submit(earlier, signal).catch(() => undefined);
      await rm(earlier.payload.path, { force: true });
    }
    return answer;
  };
}

async function copied(update: SignedUpdate, folder: string): Promise<SignedUpdate> {
  const path = join(folder, `${update.updateId}.replay`);
  await copyFile(update.payload.path, path);
  return { ...update, payload: { ...update.payload, path } };
}
