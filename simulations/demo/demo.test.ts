import { expect, test } from "vitest";
import { demo, type Stage } from "./demo.ts";

// what runs is tested as users run it, in tests/e2e/demo.test.ts
test("what cannot be run is refused before anything is started", async () => {
  const printed: string[] = [];
  const stdout = { isTTY: false, write: (text: string) => printed.push(text) } as unknown as Stage["stdout"];
  const { signal } = new AbortController();
  const stage: Stage = { stdout, cwd: "/nowhere", temporary: "/nowhere", env: {}, signal };
  const options = { rules: "NNM+TrimmedMean", clients: "3", attackers: "2", attack: "SignFlipping" };
  const typed = { ...options, rounds: "2", partition: "iid", seed: "3", model: "softmax", color: true, keep: false };
  await expect(demo(typed, stage)).rejects.toMatchObject({ code: "INFEASIBLE_RULE" });
  expect(printed).toEqual([]);
});
