import { setImmediate as nextTurn } from "node:timers/promises";
import { type Network, openNetwork } from "../../../core/model/network.ts";
import type { Span } from "./time-covered.ts";

/** One network for all clients of a thread, who take turns with it: a thousand clients, one copy of the model. */
export interface SharedNetwork {
  readonly open: typeof openNetwork;
  /** Between two steps of a client whatever else goes on in this thread has its turn. */
  readonly turn: () => Promise<void>;
  dispose(): void;
}

/**
 * @param now a monotonic time in milliseconds
 * @param trained told of all local training, from base models to deltas, without the turns of others
 */
export function sharedNetwork(now: () => number, trained: (span: Span) => void): SharedNetwork {
  let network: Promise<Network> | undefined;
  let since: number | undefined;
  const start = () => {
    since = now();
  };
  const stop = () => {
    if (since !== undefined) trained([since, now()]);
    since = undefined;
  };
  return {
    async open(model, topology) {
      network ??= openNetwork(model, topology);
      const shared = await network;
      const setWeights = (weights: Float32Array) => {
        start();
        shared.setWeights(weights);
      };
      return { ...shared, setWeights, dispose: stop };
    },
    async turn() {
      stop();
      await nextTurn();
      start();
    },
    dispose() {
      void network?.then((it) => it.dispose());
    },
  };
}
