import { expect, test } from "vitest";
import type { Cell } from "../scenario/cell.ts";
import { smallCell } from "../testing.ts";
import { sharesOf } from "./shares.ts";

const labels = Int32Array.from({ length: 60 }, (_, i) => i % 6);
const sorted = { name: "gamma-similarity", gamma: 0 } as const;
const shares = (changes: Partial<Cell>) => sharesOf(smallCell({ partition: sorted, ...changes }), { labels });
const heldByHonest = (held: readonly Uint32Array[]) => held.slice(0, 4).flatMap((share) => [...share]);

test("attackers hold shares like everybody, so that on clients that differ whole classes go with them", () => {
  const held = shares({});
  expect(held).toHaveLength(6);
  expect(new Set(heldByHonest(held).map((example) => labels[example]))).toEqual(new Set([0, 1, 2, 3]));
});

test("where they hold copies the honest share out everything, and each attacker has what an honest client has", () => {
  const held = shares({ attackersHold: "copies" });
  expect(heldByHonest(held).sort((a, b) => a - b)).toEqual([...labels.keys()]);
  expect(held.slice(4)).toEqual(held.slice(0, 2));
});

test("more attackers than honest clients hold the same copies again", () => {
  const held = shares({ attackers: 4, attackersHold: "copies" });
  expect(held.slice(2)).toEqual([held[0], held[1], held[0], held[1]]);
});

test("where they hold a class, each of them has all of it, and so has somebody honest", () => {
  const held = shares({ attackersHold: { label: 5 } });
  const fives = Uint32Array.from([...labels.keys()].filter((example) => labels[example] === 5));
  expect(held.slice(4)).toEqual([fives, fives]);
  expect(heldByHonest(held)).toHaveLength(labels.length);
});
