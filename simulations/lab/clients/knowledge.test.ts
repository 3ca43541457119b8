import { expect, test } from "vitest";
import type { ClientId } from "../../../core/ids.ts";
import { rowsOf, taskOf, trainerOf } from "../../attacks/testing.ts";
import type { Member } from "../federation/members.ts";
import type { Cell } from "../scenario/cell.ts";
import { smallCell } from "../testing.ts";
import { knowledge } from "./knowledge.ts";

const memberOf = (name: string, isAttacker: boolean) =>
  ({ name, isAttacker, profile: { clientId: name } }) as unknown as Member;

/** Two honest clients with 1 and 3 examples, who have sent 1 and 5, and an attacker with 8. */
async function adversary(changes: Partial<Cell>) {
  const members = [memberOf("a", false), memberOf("b", false), memberOf("c", true)];
  const ids = members.map((it) => it.profile.clientId);
  const shares = [1, 3, 8].map((size) => new Uint32Array(size));
  const state = { previousAggregate: undefined, clipNorm: undefined, memory: { vectors: new Map(), numbers: {} } };
  const watch = () => ({ cohort: () => ids, ruleState: async () => state });
  const cell = smallCell({ defence: FED_AVG, numByzantine: 0, ...changes });
  const known = knowledge(members, shares, cell, watch);
  await known.watched(trainerOf([1]), "a" as ClientId).train(taskOf());
  await known.watched(trainerOf([5]), "b" as ClientId).train(taskOf());
  return known.insider(members[2] as Member);
}

const FED_AVG = { label: "FedAvg", preAggregators: [], rule: { name: "FedAvg" } };

test.each([
  ["uniform", undefined, (1 + 5 + 9) / 3],
  ["numExamples", undefined, (1 * 1 + 3 * 5 + 8 * 9) / 12],
  ["numExamples", 4, (1 * 1 + 3 * 5 + 4 * 9) / 8],
] as const)("whoever knows the rule weighs by %s, up to %s, as the coordinator does", async (weights, cap, mean) => {
  const insider = await adversary({ weights, ...(cap !== undefined && { maxExamples: cap }) });
  const result = await insider.aggregate(taskOf(), rowsOf([1], [5], [9]));
  expect([...(result ?? [])]).toEqual([Math.fround(mean)]);
});

test("attackers of a cohort are known by their places, in the order that the pipeline takes their rows in", () => {
  const members = [memberOf("a", false), memberOf("d", true), memberOf("b", true), memberOf("c", true)];
  const cohort = () => ["d", "a", "c"] as ClientId[];
  const watch = () => ({ cohort, ruleState: () => Promise.reject(new Error("not asked for")) });
  const cell = smallCell({ defence: FED_AVG, numByzantine: 0 });
  const insider = knowledge(members, [], cell, watch).insider(members[1] as Member);
  expect(insider.places(taskOf())).toEqual([2, 0]);
  expect(insider.place).toBe(0);
});

test("honest deltas are told with the names of those who sent them", async () => {
  const insider = await adversary({});
  expect(await insider.honest(taskOf())).toEqual(rowsOf([1], [5]));
  expect(insider.honestNames(taskOf())).toEqual(["a", "b"]);
});
