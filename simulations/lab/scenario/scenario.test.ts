import { expect, test } from "vitest";
import { parseGrid } from "../command/read-grid.ts";
import { yamlOfSmall } from "../testing.ts";
import { cellIdOf, cellsOf } from "./cell.ts";

const GRID = `name: grid
attacks:
  - none
  - SignFlipping:scale=2
  - { name: ALittleIsEnough, z: 1 }
rules:
  - FedAvg
  - NNM+TrimmedMean
  - { name: Krum, neighbours: n-f-1 }
numByzantine: [1, 2]
partitions: [iid, { name: dirichlet, alpha: 0.1 }]
seeds: [0, 1]
`;
const grid = (change: (text: string) => string = (it) => it) => parseGrid(change(GRID), "grid", "grid.yaml");

test("a grid is every combination of its lists; nobody attacks where the attack is none", () => {
  const cells = cellsOf(grid());
  expect(cells).toHaveLength(3 * 3 * 2 * 2 * 2);
  expect(new Set(cells.map(cellIdOf)).size).toBe(cells.length);
  expect(cells.filter((it) => it.attack === null).every((it) => it.attackers === 0)).toBe(true);
  expect(cells.filter((it) => it.attack !== null).every((it) => it.attackers === it.numByzantine)).toBe(true);
  expect(cells.map((it) => it.defence.label).slice(0, 6)).toEqual([
    ...["FedAvg", "FedAvg", "NNM+TrimmedMean", "NNM+TrimmedMean"],
    ...["Krum(neighbours: n-f-1)", "Krum(neighbours: n-f-1)"],
  ]);
});

test("attackers may be others than the rule is told to expect", () => {
  expect(cellsOf(grid((it) => `${it}attackers: 3\n`)).map((it) => it.attackers)).toContain(3);
});

test("how many attack may be a list, beside so many honest clients, and a rule may say its own numByzantine", () => {
  const sybils = (rules: string) =>
    `name: s\nclients: { honest: 10 }\nattackers: [0, 2, 9]\nattacks: [Sybils]\nrules: ${rules}\nnumByzantine: [3]\npartitions: [iid]\n`;
  const sizesOf = (rules: string) =>
    cellsOf(parseGrid(sybils(rules), "grid", "s.yaml")).map((it) => [it.clients, it.attackers, it.numByzantine]);
  expect(sizesOf("[Median]")).toEqual([
    [10, 0, 3],
    [12, 2, 3],
    [19, 9, 3],
  ]);
  expect(sizesOf("[{ rule: { name: TrimmedMean }, numByzantine: { share: 0.2 } }]").map(([, , f]) => f)).toEqual([
    2, 2, 3,
  ]);
  const labels = parseGrid(sybils("[{ rule: { name: TrimmedMean }, numByzantine: { share: 0.2 } }]"), "grid", "").rules;
  expect(labels.map((it) => it.label)).toEqual(["TrimmedMean, f = 0.2 n"]);
});

test("a share is of the clients that a round asks, rounded down, and no less for being a fraction in base two", () => {
  const told = (share: number, cohort: string) => {
    const rules = `[{ rule: { name: TrimmedMean }, numByzantine: { share: ${share} } }]`;
    const text = `name: s\nclients: 100\ncohort: ${cohort}\nattacks: [none]\nrules: ${rules}\nnumByzantine: [3]\npartitions: [iid]\n`;
    return cellsOf(parseGrid(text, "grid", "s.yaml")).map((it) => it.numByzantine);
  };
  expect(told(0.29, "{ sampling: full }")).toEqual([29]);
  expect(told(0.29, "{ sampling: fixed, size: 50 }")).toEqual([14]);
});

test("a cell's id is of its settings, not of the grid it is in; a default that is written out changes nothing", () => {
  const [cell] = cellsOf(parseGrid(yamlOfSmall, "scenario", "s"));
  const [same] = cellsOf(
    parseGrid(`${yamlOfSmall}about: something\nseeds: [0, 7]\nmaxNorm: 1000000\n`, "scenario", "s"),
  );
  const [other] = cellsOf(parseGrid(`${yamlOfSmall}maxNorm: 1000\n`, "scenario", "s"));
  if (!(cell && same && other)) throw new Error("no cell");
  expect(cellIdOf(same)).toBe(cellIdOf(cell));
  expect(cellIdOf(other)).not.toBe(cellIdOf(cell));
});

test("a scenario given as a grid is told where it belongs, and a grid as a scenario", () => {
  expect(() => parseGrid(yamlOfSmall, "grid", "s.yaml")).toThrow("s.yaml is a scenario, of one attack and one rule");
  expect(() => parseGrid(GRID, "scenario", "g.yaml")).toThrow(
    "g.yaml is a grid, of lists: run it with holdfast matrix",
  );
});

test("the coordinator's own examples are a number, or files", () => {
  const rootOf = (text: string) => grid((it) => `${it}rootDataset: ${text}\n`).rootDataset;
  expect(rootOf("{ examples: 100 }")).toEqual({ examples: 100 });
  expect(rootOf("{ images: a, labels: b }")).toEqual({ images: "a", labels: "b" });
  expect(() => rootOf("{ examples: 0 }")).toThrow("grid.yaml:13: rootDataset.examples");
  expect(() => rootOf("{ exampels: 9 }")).toThrow("grid.yaml:13: rootDataset");
});

test.each([
  [
    "an unknown attack",
    (it: string) => it.replace("SignFlipping:", "SignFliping:"),
    'unknown attack "SignFliping": did you mean SignFlipping?',
  ],
  [
    "an unknown attack in full",
    (it: string) => it.replace("ALittleIsEnough", "ALittle"),
    "grid.yaml:5: attacks.2.name",
  ],
  [
    "a parameter it does not have",
    (it: string) => it.replace("z: 1", "zeta: 1"),
    "grid.yaml:5: attacks.2.zeta: unknown key",
  ],
  [
    "an unknown rule",
    (it: string) => it.replace("FedAvg", "FedAv"),
    "grid.yaml:7: rules.0: no rule FedAv: did you mean FedAvg?",
  ],
  [
    "an unknown pre-aggregator",
    (it: string) => it.replace("NNM", "NMM"),
    "grid.yaml:8: rules.1: no pre-aggregator NMM: did you mean NNM?",
  ],
  [
    "a rule's unknown parameter",
    (it: string) => it.replace("neighbours", "neighbors"),
    "grid.yaml:9: rules.2: Krum has no parameter neighbors",
  ],
  [
    "an unknown partition",
    (it: string) => it.replace("[iid", "[idd"),
    'grid.yaml:11: partitions.0: unknown partition "idd": did you mean iid?',
  ],
  ["an unknown key", (it: string) => `${it}roundz: 3\n`, "grid.yaml:13: roundz: unknown key"],
  ["a wrong type", (it: string) => `${it}rounds: many\n`, "grid.yaml:13: rounds: "],
  [
    "a grid of zero",
    (it: string) => it.replace("[1, 2]", "[]"),
    "grid.yaml:10: numByzantine: names nothing: a grid of zero cells",
  ],
  [
    "a rule that is called as another",
    (it: string) =>
      it.replace("neighbours: n-f-1 }", "neighbours: n-f-1 }\n  - { label: FedAvg, rule: { name: Median } }"),
    'grid.yaml:10: rules.3: "FedAvg" is what rule 1 is called: give one of them another label',
  ],
  [
    "a seed that is there twice",
    (it: string) => it.replace("[0, 1]", "[0, 1, 0]"),
    "grid.yaml:12: seeds.2: the same as entry 1 of this list",
  ],
  [
    "an attack that is there twice, in short and in full",
    (it: string) => it.replace("- { name: ALittleIsEnough, z: 1 }", "- { name: SignFlipping, scale: 2 }"),
    "grid.yaml:5: attacks.2: the same as entry 2 of this list",
  ],
  [
    "nobody attacking, beside several numbers of attackers",
    (it: string) => `${it}attackers: [1, 2]\n`,
    "grid.yaml:3: attacks.0: none, for every one of attackers: put a 0 there in its place",
  ],
  [
    "a rule's own numByzantine beside a list",
    (it: string) =>
      it.replace("- FedAvg", "- FedAvg\n  - { label: own, rule: { name: TrimmedMean }, numByzantine: 1 }"),
    "grid.yaml:8: rules.1: says its own numByzantine, and the grid's is a list: that takes two grids",
  ],
  [
    "half of all clients",
    (it: string) => it.replace("- FedAvg", "- { rule: { name: TrimmedMean }, numByzantine: { share: 0.5 } }"),
    "grid.yaml:7: rules.0.numByzantine.share: ",
  ],
  ["so few honest clients", (it: string) => `${it}clients: { honest: 1 }\n`, "grid.yaml:13: clients.honest: "],
  [
    "an attack that ends before it begins",
    (it: string) => `${it}attackRounds: { from: 3, to: 1 }\n`,
    "grid.yaml:13: attackRounds: ends before it begins",
  ],
  [
    "an attack that begins after the last round",
    (it: string) => `${it}attackRounds: { from: 5 }\nrounds: 4\n`,
    "grid.yaml:13: attackRounds: begins after the last round",
  ],
  ["an unknown data set", (it: string) => `${it}data: mnits\n`, "grid.yaml:13: data.name"],
])("%s is refused with its line", (_what, change, message) => {
  expect(() => grid(change)).toThrow(message);
});

test("a grid that no memory would hold is refused before it is built", () => {
  const listed = (many: number) => `[${Array.from({ length: many }, (_, i) => i).join(", ")}]`;
  const absurd = (it: string) => it.replace("[1, 2]", listed(10_000)).replace("[0, 1]", listed(10_000));
  expect(() => grid(absurd)).toThrow("its lists come to 1,800,000,000 cells, and 100,000 is the most of one grid");
  expect(grid((it) => it.replace("[0, 1]", listed(2_000))).seeds).toHaveLength(2_000);
});
