/**
 * Messages in the order they were put in, for one reader. One that waits is woken in a turn of the event loop of its own, as by
 * a network: what it does at once with a message is done before the next reader wakes.
 */
export interface Mailbox<Message> {
  readonly messages: AsyncIterable<Message>;
  put(message: Message): void;
  /** What is in it is still read. */
  close(): void;
}

export function mailbox<Message>(): Mailbox<Message> {
  const waiting: Message[] = [];
  let isClosed = false;
  let wake: () => void = () => undefined;
  async function* messages(): AsyncGenerator<Message> {
    for (;;) {
      const message = waiting.shift();
      if (message !== undefined) yield message;
      else if (isClosed) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  return {
    messages: messages(),
    put(message) {
      waiting.push(message);
      setImmediate(wake);
    },
    close() {
      isClosed = true;
      setImmediate(wake);
    },
  };
}
