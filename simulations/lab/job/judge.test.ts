import { expect, test } from "vitest";
import { subset } from "../../../core/data/dataset.ts";
import { initialWeights } from "../../../core/model/builtin.ts";
import { evaluate } from "../../../core/model/evaluate.ts";
import { openNetwork } from "../../../core/model/network.ts";
import { syntheticData } from "../../data/synthetic.ts";
import { openJudge } from "./judge.ts";

const model = { builtin: "softmax", inputs: 6, classes: 3, bias: true } as const;
const { test: heldOut } = syntheticData({ inputs: 6, classes: 3, train: 3, test: 2_500, noiseStdDev: 0.5, seed: 1 });
const aim = subset(heldOut, Uint32Array.of(4, 5, 6));

test("a verdict is that of one evaluation, with a turn for others after every thousand examples but the last", async () => {
  const weights = initialWeights(model, 3);
  const network = await openNetwork(model, undefined);
  network.setWeights(weights);
  const { accuracy, loss } = evaluate(network, heldOut);
  const attackSuccess = evaluate(network, aim).accuracy;

  let clock = 0;
  const now = () => clock++;
  const judge = await openJudge({ model, topology: undefined, test: heldOut, aim, examples: undefined, now });
  let turns = 0;
  const turn = async () => {
    turns += 1;
    clock += 1_000;
    network.setWeights(initialWeights(model, turns));
    network.logits(new Float32Array(6));
  };
  expect(await judge.evaluate(weights, turn)).toEqual({ accuracy, loss, attackSuccess });
  expect(turns).toBe(2);
  // three pieces and one of what the attack aims at; the turns of others do not count
  expect(judge.busyMs).toBe(4);
});
