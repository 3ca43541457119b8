import { type Dataset, subset } from "../../../core/data/dataset.ts";
import { type Evaluation, evaluate, evaluation } from "../../../core/model/evaluate.ts";
import { type Network, openNetwork } from "../../../core/model/network.ts";
import type { Plan } from "../../../core/plan.ts";
import type { Partition } from "../../partitions/partition.ts";

export interface Verdict {
  /** On the held-out set. */
  readonly accuracy: number;
  readonly loss: number;
  /** Share of what the attack aims at that it reached; null for one that aims at nothing in particular. */
  readonly attackSuccess: number | null;
}

/** Judges models by examples that the federation never sees. */
export interface Judge {
  /** @param turn awaited after every thousand examples; no other model may be judged meanwhile */
  evaluate(weights: Float32Array, turn: () => Promise<void>): Promise<Verdict>;
  /** The least accuracy over these shares of the training set. */
  worst(weights: Float32Array, train: Dataset, shares: Partition): number;
  /** What the verdicts have taken so far, without the turns of others. */
  readonly busyMs: number;
  dispose(): void;
}

/** Of a share, so many examples are enough to see a client that was left behind. */
const EXAMPLES_PER_CLIENT = 200;

interface Judging {
  readonly model: Plan["model"];
  readonly topology: Uint8Array | undefined;
  readonly test: Dataset;
  /** How many of the held-out set, from its beginning; all by default. */
  readonly examples: number | undefined;
  /** What the attack wants the model to say of which examples. */
  readonly aim: Dataset | undefined;
  /** A monotonic time in milliseconds. */
  readonly now: () => number;
}

export async function openJudge(judging: Judging): Promise<Judge> {
  const { model, topology, test, aim, examples = test.numExamples, now } = judging;
  const network: Network = await openNetwork(model, topology);
  const heldOut = subset(
    test,
    Uint32Array.from({ length: Math.min(examples, test.numExamples) }, (_, i) => i),
  );
  let busyMs = 0;
  const inTurns = async (dataset: Dataset, turn: () => Promise<void>): Promise<Evaluation> => {
    const pieces = evaluation(network, dataset);
    for (;;) {
      const from = now();
      const { done, value } = pieces.next();
      busyMs += now() - from;
      if (done === true) return value;
      await turn();
    }
  };
  return {
    async evaluate(weights, turn) {
      network.setWeights(weights);
      const { accuracy, loss } = await inTurns(heldOut, turn);
      return { accuracy, loss, attackSuccess: aim === undefined ? null : (await inTurns(aim, turn)).accuracy };
    },
    worst(weights, train, shares) {
      network.setWeights(weights);
      const accuracies = shares
        .filter((share) => share.length > 0)
        .map((share) => evaluate(network, subset(train, share.subarray(0, EXAMPLES_PER_CLIENT))).accuracy);
      return Math.min(...accuracies);
    },
    get busyMs() {
      return busyMs;
    },
    dispose: () => network.dispose(),
  };
}
