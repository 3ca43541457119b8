import { describe, expect, test } from "vitest";
import { serverOptimizerOf } from "./server-optimizer.ts";

const base = Float32Array.of(1, -1);
const delta = Float32Array.of(0.5, 2);

describe("FedAvg", () => {
  test("worked by hand: the base and a quarter of the delta, and no state", () => {
    const { weights, state } = serverOptimizerOf({ name: "FedAvg", learningRate: 0.25 }).step(base, delta, undefined);
    expect([...weights]).toEqual([1.125, -0.5]);
    expect(state).toBeUndefined();
  });

  test("at rate 1 the delta is taken whole", () => {
    const { weights } = serverOptimizerOf({ name: "FedAvg", learningRate: 1 }).step(base, delta, undefined);
    expect([...weights]).toEqual([1.5, 1]);
  });
});

describe("FedAvgM", () => {
  const optimizer = serverOptimizerOf({ name: "FedAvgM", learningRate: 2, momentum: 0.5 });

  test("worked by hand over two rounds: v = d, then v = v/2 + d", () => {
    const first = optimizer.step(base, delta, undefined);
    expect([...(first.state ?? [])]).toEqual([0.5, 2]);
    expect([...first.weights]).toEqual([2, 3]);
    const second = optimizer.step(first.weights, delta, first.state);
    expect([...(second.state ?? [])]).toEqual([0.75, 3]);
    expect([...second.weights]).toEqual([3.5, 9]);
  });

  test("without momentum it is FedAvg", () => {
    const plain = serverOptimizerOf({ name: "FedAvgM", learningRate: 1, momentum: 0 });
    const { weights } = plain.step(base, delta, Float32Array.of(9, 9));
    expect(weights).toEqual(
      serverOptimizerOf({ name: "FedAvg", learningRate: 1 }).step(base, delta, undefined).weights,
    );
  });

  test("writes to none of its inputs", () => {
    const state = Float32Array.of(3, 3);
    optimizer.step(base, delta, state);
    expect([[...base], [...delta], [...state]]).toEqual([
      [1, -1],
      [0.5, 2],
      [3, 3],
    ]);
  });
});
