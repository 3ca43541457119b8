import type { Dataset } from "../../../core/data/dataset.ts";
import { type Network, openNetwork } from "../../../core/model/network.ts";

/** One network for all clients of a thread, who take turns with it: a thousand clients, one copy of the model. */
export interface SharedNetwork {
  readonly open: typeof openNetwork;
  /** The same data, the reading of which is training. */
  training(dataset: Dataset): Dataset;
  /** What the network and the reading of its batches took: whatever else went on between two steps is not in it. */
  readonly busyMs: number;
  dispose(): void;
}

/** @param now a monotonic time in milliseconds */
export function sharedNetwork(now: () => number): SharedNetwork {
  let network: Promise<Network> | undefined;
  let busyMs = 0;
  const timed = <Given extends unknown[], Result>(work: (...given: Given) => Result) => {
    return (...given: Given): Result => {
      const started = now();
      try {
        return work(...given);
      } finally {
        busyMs += now() - started;
      }
    };
  };
  return {
    async open(model, topology) {
      network ??= openNetwork(model, topology);
      const { setWeights, weights, step, privateStep, logits, ...shape } = await network;
      const work = {
        setWeights: timed(setWeights),
        weights: timed(weights),
        step: timed(step),
        privateStep: timed(privateStep),
        logits: timed(logits),
      };
      return { ...shape, ...work, dispose: () => undefined };
    },
    training: (dataset) => ({ ...dataset, batch: timed(dataset.batch) }),
    get busyMs() {
      return busyMs;
    },
    dispose() {
      void network?.then((it) => it.dispose());
    },
  };
}
