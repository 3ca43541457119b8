/** Lets one waiter sleep until something happened or a time has passed, whichever is first. */
export interface Waker {
  now(): void;
  /** Resolves at the next `now`, at once if one came since the last wait, or after `ms`. */
  within(ms: number): Promise<void>;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function waker(): Waker {
  let pending = false;
  let release: (() => void) | undefined;
  return {
    now() {
      pending = true;
      release?.();
    },
    async within(ms) {
      if (!pending) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS));
          release = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        release = undefined;
      }
      pending = false;
    },
  };
}
