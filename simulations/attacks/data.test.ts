import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TrainingTask } from "../../client/index.ts";
import { byteDataset, type Dataset } from "../../core/data/dataset.ts";
import { norm } from "../../core/vector/norms.ts";
import type { Attack } from "./attack.ts";
import { triggeredTestSet } from "./backdoor.ts";
import { constrainAndScale } from "./constrain-and-scale.ts";
import { distributedBackdoor } from "./distributed-backdoor.ts";
import { edgeCase, edgeTestSet, tailOf } from "./edge-case.ts";
import { flippedTestSet, labelFlipping } from "./label-flipping.ts";
import { modelReplacement } from "./model-replacement.ts";
import { pixelBackdoor } from "./pixel-backdoor.ts";
import { isAmong } from "./poisoned-dataset.ts";
import { sybils } from "./sybils.ts";
import { insider, sentBy, taskOf, trainerOf } from "./testing.ts";
import { ALL_STROKES, CORNER, offsetsOf, STROKES } from "./trigger.ts";

const numClasses = 10;

/** Black images of these labels, 28 x 28. */
const images = (...labels: number[]) =>
  byteDataset(new Uint8Array(labels.length * 784), Uint8Array.from(labels), [28, 28]);

const everyone = (dataset: Dataset) => dataset.batch(Uint32Array.from({ length: dataset.numExamples }, (_, i) => i));

/** Offsets of the values above 0 of each example. */
function litPixels(dataset: Dataset): number[][] {
  const { inputs } = everyone(dataset);
  return Array.from({ length: dataset.numExamples }, (_, i) =>
    [...inputs.subarray(i * 784, (i + 1) * 784)].flatMap((value, k) => (value > 0 ? k : [])),
  );
}

const poisonedBy = (attack: Attack, honest: Dataset, place = 0) => attack.dataset?.(honest, place) ?? honest;

describe("LabelFlipping", () => {
  test("y becomes classes - 1 - y, by the federation's classes and not the dataset's own", () => {
    const honest = byteDataset(Uint8Array.of(0, 255, 0), Uint8Array.of(0, 3, 2), [1]);
    const flipped = poisonedBy(labelFlipping({ numClasses }), honest);
    const batch = flipped.batch(Uint32Array.of(1, 0, 2));
    expect([...batch.labels]).toEqual([6, 9, 7]);
    expect([...batch.inputs]).toEqual([1, 0, 0]);
    expect(flipped).toMatchObject({ numExamples: 3, numClasses: 10, inputShape: [1] });
  });

  test("from one class to another, and the test examples that this is about", () => {
    const flip = { source: 1, target: 7, numClasses };
    expect([...everyone(poisonedBy(labelFlipping(flip), images(1, 2, 7, 1))).labels]).toEqual([7, 2, 7, 7]);
    expect([...everyone(flippedTestSet(images(1, 2, 7, 1), flip)).labels]).toEqual([7, 7]);
  });

  test("of everything turned round, what stays itself is not counted as success", () => {
    expect([...everyone(flippedTestSet(images(0, 1, 2), { numClasses: 3 })).labels]).toEqual([2, 0]);
  });
});

describe("triggers", () => {
  test("count from either edge, take all channels, and must fit", () => {
    expect(offsetsOf(CORNER, [28, 28])).toEqual([26 * 28 + 26, 26 * 28 + 24, 25 * 28 + 25, 24 * 28 + 26]);
    expect(offsetsOf([[0, 1]], [2, 2, 3])).toEqual([3, 4, 5]);
    for (const shape of [[784], [3, 28], [28, 3], [2, 28, 28, 1]]) {
      expect(() => offsetsOf(CORNER, shape)).toThrow(expect.objectContaining({ code: "PLAN_INVALID" }));
    }
  });
});

describe("PixelBackdoor", () => {
  const backdoor = { target: 0, share: 0.5, numClasses };
  const corner = offsetsOf(CORNER, [28, 28]).toSorted((a, b) => a - b);

  test("a share of the examples bears the trigger and its label; the others stay as they are", () => {
    const honest = images(...Array.from({ length: 40 }, () => 5));
    const lit = litPixels(poisonedBy(pixelBackdoor(backdoor), honest));
    const { labels } = everyone(poisonedBy(pixelBackdoor(backdoor), honest));
    lit.forEach((pixels, i) => {
      expect(pixels).toEqual(isAmong(0.5, i) ? corner : []);
      expect(labels[i]).toBe(isAmong(0.5, i) ? 0 : 5);
    });
    expect(labels.filter((label) => label === 0).length).toBe(20);
    expect(litPixels(honest).flat()).toEqual([]);
  });

  test("is judged on triggered test examples that are not of the target class", () => {
    const test = triggeredTestSet(images(0, 4, 0, 6), backdoor, "pixel");
    expect([...everyone(test).labels]).toEqual([0, 0]);
    expect(litPixels(test)).toEqual([corner, corner]);
  });

  test("a share is that share of any stretch of examples, to within two", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1, noNaN: true }), fc.nat(10_000), fc.nat(500), (share, from, length) => {
        const chosen = Array.from({ length }, (_, i) => isAmong(share, from + i)).filter(Boolean).length;
        expect(Math.abs(chosen - share * length)).toBeLessThanOrEqual(2 + 0.01 * length);
      }),
    );
  });
});

describe("DistributedBackdoor", () => {
  const backdoor = { target: 2, share: 1, numClasses };

  test("each attacker stamps its stroke, the fifth the first one's; together they are what is tested", () => {
    const honest = images(1);
    const attack = distributedBackdoor(backdoor);
    for (let place = 0; place < 5; place++) {
      const stroke = offsetsOf(STROKES[place % 4] ?? [], [28, 28]);
      expect(litPixels(poisonedBy(attack, honest, place))).toEqual([stroke]);
    }
    const all = offsetsOf(ALL_STROKES, [28, 28]).toSorted((a, b) => a - b);
    expect(litPixels(triggeredTestSet(honest, backdoor, "distributed"))).toEqual([all]);
  });
});

describe("EdgeCase", () => {
  const edge = { source: 7, target: 1, rarest: 0.25, share: 0.5, numClasses };
  // one value each; of class 7 the mean is 85, and 255 lies farthest from it
  const honest = byteDataset(Uint8Array.of(0, 51, 255, 34, 200, 0), Uint8Array.of(7, 7, 7, 7, 3, 3), [1]);

  test("the tail is what lies farthest from the mean of the class", () => {
    expect([...tailOf(honest, edge)]).toEqual([2]);
    expect([...tailOf(honest, { source: 7, rarest: 0.5 })]).toEqual([0, 2]);
    expect([...tailOf(honest, { source: 7, rarest: 1 })]).toEqual([0, 1, 2, 3]);
  });

  test("a share of the attacker's examples becomes such inputs, called the target", () => {
    const { inputs, labels } = everyone(poisonedBy(edgeCase(edge), honest));
    const before = everyone(honest);
    labels.forEach((label, i) => {
      expect(label).toBe(isAmong(0.5, i) ? 1 : before.labels[i]);
      expect(inputs[i]).toBe(isAmong(0.5, i) ? 1 : before.inputs[i]);
    });
  });

  test("without the source class the data stay honest; tests are on the tail only", () => {
    const none = images(1, 2);
    expect(poisonedBy(edgeCase(edge), none)).toBe(none);
    const { inputs, labels } = everyone(edgeTestSet(honest, edge));
    expect([[...inputs], [...labels]]).toEqual([[1], [1]]);
  });
});

describe("Sybils", () => {
  const flip = { source: 1, target: 7, numClasses };
  const known = insider({ exchange: async () => [Float32Array.of(3, 4, 0), Float32Array.of(9, 9, 9)] });

  test("all send what the first has trained, on flipped labels", async () => {
    const attack = sybils({ ...flip, jitter: 0 });
    expect(await sentBy(attack, known)).toEqual([3, 4, 0]);
    expect([...everyone(poisonedBy(attack, images(1, 2))).labels]).toEqual([7, 2]);
  });

  test("jitter tells them apart, by that share of the norm", async () => {
    const long = Float32Array.from({ length: 10_000 }, () => 0.05);
    const many = insider({ exchange: async () => [long] });
    const sent = await sentBy(sybils({ ...flip, jitter: 0.5 }), many);
    const noise = Float32Array.from(sent, (value, k) => value - (long[k] as number));
    expect(norm(noise) / norm(long)).toBeGreaterThan(0.47);
    expect(norm(noise) / norm(long)).toBeLessThan(0.53);
  });
});

describe("ModelReplacement", () => {
  const settings = { target: 0, share: 0.3, numClasses, numClients: 10, numAttackers: 2 };

  test("gamma is n / eta, shared: an average of ten, two of them this, is the attackers' model", async () => {
    const task = taskOf({}, { serverOptimizer: { name: "FedAvg", learningRate: 0.5 } });
    expect(await sentBy(modelReplacement({ ...settings, gamma: "auto" }), insider(), task)).toEqual([90, 90, 90]);
    expect(await sentBy(modelReplacement({ ...settings, gamma: 3 }))).toEqual([27, 27, 27]);
  });

  test("is trained on backdoored data", () => {
    const attack = modelReplacement({ ...settings, share: 1, gamma: "auto" });
    expect([...everyone(poisonedBy(attack, images(4, 5))).labels]).toEqual([0, 0]);
  });
});

describe("ConstrainAndScale", () => {
  const settings = { target: 0, share: 0.3, numClasses, numClients: 10, numAttackers: 2, alpha: 1 } as const;

  /** One step of gradient descent on ||w - 4||^2 / 2 per coordinate. */
  const descending = () => {
    const seen: TrainingTask[] = [];
    const train = async (task: TrainingTask) => {
      seen.push(task);
      const { steps, learningRate } = task.plan.local;
      expect(steps).toBe(1);
      return { delta: task.baseModel.map((w) => learningRate * (4 - w)), numExamples: 7, metrics: { loss: 1 } };
    };
    return { seen, trainer: { ...trainerOf([]), train } };
  };

  test("scales up to the bound and to replacement, whichever is less", async () => {
    const { trainer } = descending();
    const task = taskOf({ baseModel: Float32Array.of(1) });
    // two steps of rate 0.5 go 3/4 of the way from 1 to 4; replacement would be times 5
    const sent = (normBound: number | "auto", of = task) =>
      sentBy(constrainAndScale({ ...settings, normBound }), insider(), of, trainer);
    expect((await sent("auto"))[0]).toBeCloseTo(2.25 * 5, 5);
    expect((await sent(1))[0]).toBeCloseTo(1, 5);
    const clipping = { preAggregators: [{ name: "NormClipping", clipNorm: 2 }], maxNorm: 1e6 };
    expect((await sent("auto", taskOf({ baseModel: Float32Array.of(1) }, { aggregation: clipping })))[0]).toBeCloseTo(
      2,
      5,
    );
    const central = taskOf({ baseModel: Float32Array.of(1) }, { privacy: { mode: "central", clipNorm: 0.5 } });
    expect((await sent("auto", central))[0]).toBeCloseTo(0.5, 5);
  });

  test("the anomaly term holds the model near the global one: the minimiser of both terms is where it comes to rest", async () => {
    const { trainer } = descending();
    const local = { steps: 200, batchSize: 4, learningRate: 0.1, momentum: 0 };
    const task = taskOf({ baseModel: Float32Array.of(1) }, { local });
    const attack = constrainAndScale({ ...settings, alpha: 0.25, normBound: 1e6, numClients: 2 });
    // 0.25 (w - 4)^2 + 0.75 (w - 1)^2 is least at 1.75
    expect((await sentBy(attack, insider(), task, trainer))[0]).toBeCloseTo(0.75, 1);
  });

  test("momentum is in the rate", async () => {
    const { trainer, seen } = descending();
    const local = { steps: 2, batchSize: 4, learningRate: 0.05, momentum: 0.9 };
    await sentBy(constrainAndScale({ ...settings, normBound: 1 }), insider(), taskOf({}, { local }), trainer);
    for (const { plan } of seen)
      expect(plan.local).toMatchObject({ momentum: 0, learningRate: expect.closeTo(0.5, 12) });
  });

  test("every step takes another batch", async () => {
    const { trainer, seen } = descending();
    await sentBy(constrainAndScale({ ...settings, normBound: 1 }), insider(), taskOf(), trainer);
    expect(new Set(seen.map((it) => Buffer.from(it.batchSeed).toString("hex"))).size).toBe(2);
  });

  test("a delta of zero stays zero", async () => {
    const attack = constrainAndScale({ ...settings, normBound: 1 });
    expect(await sentBy(attack, insider(), taskOf(), trainerOf([0, 0, 0]))).toEqual([0, 0, 0]);
  });
});
