/** What was opened, to be closed however things end. */
export interface Closing {
  /** Closed before all that was added earlier. */
  add(close: () => unknown): void;
  /** Closes everything, also where something fails to. @throws the last such failure */
  close(): Promise<void>;
}

export function closing(): Closing {
  const opened: (() => unknown)[] = [];
  return {
    add: (close) => void opened.push(close),
    async close() {
      const last = opened.pop();
      if (last === undefined) return;
      try {
        await last();
      } finally {
        await this.close();
      }
    },
  };
}
