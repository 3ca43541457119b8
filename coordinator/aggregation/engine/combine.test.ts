import { afterAll, describe, expect, test } from "vitest";
import { aggregate } from "../pipeline.ts";
import { registryListing } from "../registry.ts";
import { inputOf, normalVectors, testEngine } from "../testing.ts";
import { workerEngine } from "./worker-engine.ts";

const threads = workerEngine({ numThreads: 1 });
afterAll(() => threads.close());

const combining = registryListing().filter(({ kind, name }) => kind === "rule" && name !== "FedAvg");

describe("a rule in a thread", () => {
  test.each(combining)("$name: the bits of the rule here, chance and memory included", async ({ example, needs }) => {
    const vectors = normalVectors(11, 40, 3, 0.5);
    const references = Object.fromEntries((needs.references ?? []).map((name) => [name, vectors[0] as Float32Array]));
    const setup = { rule: example, numByzantine: 2, references, distancePath: "exact" } as const;
    const there = await aggregate(inputOf(vectors, { ...setup, engine: threads }));
    const here = await aggregate(inputOf(vectors, { ...setup, engine: testEngine }));
    expect({ ...there, memory: there.memory?.numbers }).toEqual({ ...here, memory: here.memory?.numbers });
  });

  test("while many rows are mixed, the coordinator answers, and the bits are the same", async () => {
    const setup = { rule: "Krum", preAggregators: ["NNM"], numByzantine: 50 } as const;
    const vectors = normalVectors(200, 3, 5);
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const { values } = await aggregate(inputOf(vectors, { ...setup, engine: threads }));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(20);
    expect(values).toEqual((await aggregate(inputOf(vectors, { ...setup, engine: testEngine }))).values);
  });

  test("while SMEA tries its subsets, the coordinator answers", async () => {
    const vectors = normalVectors(20, 10, 4);
    const setup = { rule: "SMEA", numByzantine: 4, distancePath: "exact", engine: threads } as const;
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    await aggregate(inputOf(vectors, setup));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
  });
});
