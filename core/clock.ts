/** Time as an argument. `nowMs` is wall-clock (informative, for people); `monotonicMs` measures waits. */
export interface Clock {
  nowMs(): number;
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
