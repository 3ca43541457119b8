import { type MessagePort, parentPort } from "node:worker_threads";
import { answeringCells } from "./answer-cells.ts";
import type { CellReply, CellRequest } from "./threads.ts";

/** The thread behind threads.ts: one cell after another. */
function serve(port: MessagePort): void {
  const answer = answeringCells((round) => port.postMessage({ type: "round", round } satisfies CellReply));
  port.on("message", (request: CellRequest) => {
    answer(request)
      .then((reply) => port.postMessage(reply))
      .catch((error: unknown) => {
        // thrown where nobody catches it, it ends this thread
        setImmediate(() => {
          throw error;
        });
      });
  });
}

if (parentPort !== null) serve(parentPort);
