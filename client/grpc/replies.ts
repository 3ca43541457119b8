import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import { FederationError } from "../../core/errors.ts";
import { errorOfCall } from "../../proto/status.ts";

/** What the coordinator sends on one stream, for one reader. */
export interface Replies<Reply> {
  /**
   * The next message; undefined once the coordinator has closed the stream in good order.
   * @throws the coordinator's refusal, or COORDINATOR_UNREACHABLE when the stream broke
   */
  next(): Promise<Reply | undefined>;
}

/**
 * Takes messages off the stream as they come, so that a busy reader is not mistaken for a dead one. At most `limit`
 * wait to be read; a coordinator that sends more is cut off. `isReply` drops what only proves life.
 */
export function repliesOf<Reply>(
  call: ClientDuplexStream<never, Reply>,
  limit: number,
  isReply: (message: Reply) => boolean = () => true,
): Replies<Reply> {
  const unread: Reply[] = [];
  let failure: FederationError | undefined;
  let ended = false;
  let wake = () => {};

  call.on("data", (message: Reply) => {
    if (!isReply(message)) return;
    if (unread.push(message) > limit) {
      failure ??= new FederationError("RATE_EXCEEDED", `more than ${limit} messages of the coordinator wait unread`);
      call.cancel();
    }
    wake();
  });
  // grpc-js reports a failure before the last messages are delivered; "end" comes after them
  call.on("error", (error: ServiceError) => {
    failure ??= errorOfCall(error);
  });
  call.on("end", () => {
    ended = true;
    wake();
  });

  return {
    async next() {
      while (unread.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const message = unread.shift();
      if (message === undefined && failure !== undefined) throw failure;
      return message;
    },
  };
}
