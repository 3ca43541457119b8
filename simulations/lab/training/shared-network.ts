import { setImmediate as nextTurn } from "node:timers/promises";
import { type Network, openNetwork } from "../../../core/model/network.ts";

/** One network for all clients of a thread, who take turns with it: a thousand clients, one copy of the model. */
export interface SharedNetwork {
  readonly open: typeof openNetwork;
  /** Between two steps of a client whatever else goes on in this thread has its turn. */
  readonly turn: () => Promise<void>;
  /** What local training took, from the base model to the delta, without the turns of others. */
  readonly busyMs: number;
  dispose(): void;
}

/** @param now a monotonic time in milliseconds */
export function sharedNetwork(now: () => number): SharedNetwork {
  let network: Promise<Network> | undefined;
  let busyMs = 0;
  let since: number | undefined;
  const start = () => {
    since = now();
  };
  const stop = () => {
    if (since !== undefined) busyMs += now() - since;
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
    get busyMs() {
      return busyMs;
    },
    dispose() {
      void network?.then((it) => it.dispose());
    },
  };
}
