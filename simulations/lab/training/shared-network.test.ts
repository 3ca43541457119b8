import { expect, test } from "vitest";
import { initialWeights } from "../../../core/model/builtin.ts";
import { sharedNetwork } from "./shared-network.ts";
import type { Span } from "./time-covered.ts";

const model = { builtin: "softmax", inputs: 2, classes: 2, bias: true } as const;

test("training is from the base model to the end of the task, without the turns of others and the waiting before", async () => {
  let clock = 0;
  const spans: Span[] = [];
  const shared = sharedNetwork(
    () => clock,
    (span) => spans.push(span),
  );
  const network = await shared.open(model, undefined);
  clock = 10;
  network.setWeights(initialWeights(model, 1));
  clock = 13;
  const turn = shared.turn();
  clock = 50;
  await turn;
  clock = 51;
  network.dispose();
  clock = 60;
  network.dispose();
  expect(spans).toEqual([
    [10, 13],
    [50, 51],
  ]);
  expect((await shared.open(model, undefined)).weights()).toEqual(initialWeights(model, 1));
  shared.dispose();
});
