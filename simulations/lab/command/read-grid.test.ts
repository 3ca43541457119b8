import { expect, test } from "vitest";
import { yamlOfSmall } from "../testing.ts";
import { checkAgainstData, parseGrid } from "./read-grid.ts";

const DATA = { inputShape: [8], numClasses: 3 };

/** What is said of a grid of six clients whose attacks are to mimic one of them. */
async function saidOf(client: number, rest: string): Promise<string | undefined> {
  const source = yamlOfSmall
    .replace("rule: Median", "rules: [Median]\npartitions: [iid]")
    .replace("attack: SignFlipping", `attacks: [none, Mimic:client=${client}]`)
    .replace("numByzantine: 2", rest);
  const read = { grid: parseGrid(source, "grid", "small.yaml"), source, baseFolder: "." };
  return checkAgainstData(read, "grid", "small.yaml", DATA).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

test("a client to mimic that no cell of the grid has is refused with its line", async () => {
  expect(await saidOf(4, "numByzantine: [1, 2]")).toBeUndefined();
  const refused = "small.yaml:9: attacks.1: client 5: a round has 5 honest clients, from 0";
  expect(await saidOf(5, "numByzantine: [2, 1]")).toBe(refused);
  expect(await saidOf(5, "numByzantine: [2]\nattackers: 1")).toMatch(/a round has 5 honest clients/);
  expect(await saidOf(4, "numByzantine: [2]\ncohort: { sampling: fixed, size: 3 }")).toMatch(/has 2 honest clients/);
});
