import { expect, test } from "vitest";
import { smallCell } from "../testing.ts";
import type { Cell } from "./cell.ts";
import { attackSettingOf } from "./setting.ts";

const settingWith = (changes: Partial<Cell>) =>
  attackSettingOf(smallCell({ clients: 100, attackers: 20, ...changes }), 10);

test.each([
  ["everybody", { sampling: "full" }, 100, 20],
  ["ten of a hundred", { sampling: "fixed", size: 10 }, 10, 2],
  ["more than there are", { sampling: "fixed", size: 500 }, 100, 20],
  ["a quarter by coins", { sampling: "poisson", rate: 0.25 }, 25, 5],
  ["coins with a cap", { sampling: "poisson", rate: 0.25, cap: 15 }, 15, 3],
] as const)("a round of %s", (_, cohort, numClients, numAttackers) => {
  expect(settingWith({ cohort })).toEqual({ numClients, numAttackers, numClasses: 10 });
});

test("an attacker that is seldom asked is alone in the rounds that are its own, and somebody honest is there", () => {
  const fixed = (size: number) => ({ sampling: "fixed", size }) as const;
  expect(settingWith({ attackers: 1, cohort: fixed(10) })).toMatchObject({ numClients: 10, numAttackers: 1 });
  expect(settingWith({ attackers: 0, cohort: fixed(10) })).toMatchObject({ numClients: 10, numAttackers: 0 });
  expect(settingWith({ attackers: 99, cohort: fixed(1) })).toMatchObject({ numClients: 2, numAttackers: 1 });
});
