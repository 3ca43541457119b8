import type { NamedSettings } from "../../core/plan.ts";
import { parseGrid } from "./command/read-grid.ts";
import { type Cell, cellsOf } from "./scenario/cell.ts";

/**
 * The experiment of FoolsGold (Fung, Yoon and Beschastnikh 2018): ten honest clients of one MNIST class each, and k
 * sybils that hold all images of class 1 and call them 7. Softmax regression without bias, pixels divided by 100, one
 * step a round of 50 examples at a rate of 0.01 with a decay of 0.01, clipped to norm 1, from weights in [0, 0.01).
 */
const SCENARIO = `
name: foolsgold
data: { name: mnist, divisor: 100 }
model: { builtin: softmax, bias: false, initialRange: [0, 0.01] }
partition: one-class
attackersHold: { label: 1 }
local: { steps: 1, batchSize: 50, learningRate: 0.01 }
habits: { weightDecay: 0.01, clipNorm: 1 }
attack: { name: LabelFlipping, source: 1, target: 7 }
rule: FedAvg
`;

const HONEST = 10;

export const SYBILS = [0, 1, 2, 5, 9] as const;
export type Sybils = (typeof SYBILS)[number];

/** A row of the published table: accuracy, and the share of ones read as sevens, for each number of sybils. */
export interface PublishedRow {
  readonly label: string;
  readonly published: Readonly<Record<Sybils, readonly [accuracy: number, rate: number]>>;
  /** The rule with what it has to be told among n clients. */
  readonly rule: (n: number) => { readonly rule: NamedSettings; readonly numByzantine: number };
}

const trimmed = (share: number) => (n: number) => ({
  rule: { name: "TrimmedMean" },
  numByzantine: Math.floor(share * n),
});

/** DistributedML/FoolsGold, plots/baseline_labelflip: means of five runs. */
export const PUBLISHED: readonly PublishedRow[] = [
  {
    label: "mean",
    published: { 0: [0.91, 0.001], 1: [0.859, 0.386], 2: [0.79, 0.965], 5: [0.781, 0.986], 9: [0.772, 0.992] },
    rule: () => ({ rule: { name: "FedAvg" }, numByzantine: 0 }),
  },
  {
    label: "median",
    published: { 0: [0.409, 0.008], 1: [0.361, 0.405], 2: [0.313, 0.968], 5: [0.247, 0.996], 9: [0.103, 1] },
    rule: () => ({ rule: { name: "Median" }, numByzantine: 0 }),
  },
  {
    label: "trim 0.1",
    published: { 0: [0.787, 0.002], 1: [0.655, 0.879], 2: [0.634, 0.989], 5: [0.605, 0.995], 9: [0.593, 0.996] },
    rule: trimmed(0.1),
  },
  {
    label: "trim 0.2",
    published: { 0: [0.681, 0.001], 1: [0.663, 0.037], 2: [0.541, 0.969], 5: [0.429, 0.994], 9: [0.45, 0.996] },
    rule: trimmed(0.2),
  },
  {
    label: "multi-Krum, drop 1",
    published: { 0: [0.82, 0.001], 1: [0.77, 0.365], 2: [0.699, 0.964], 5: [0.698, 0.989], 9: [0.698, 0.993] },
    rule: (n) => ({ rule: { name: "MultiKrum", select: n - 1 }, numByzantine: 1 }),
  },
  {
    label: "FoolsGold",
    published: { 0: [0.918, 0.002], 1: [0.884, 0.227], 2: [0.918, 0.002], 5: [0.918, 0.002], 9: [0.918, 0.002] },
    rule: () => ({ rule: { name: "FoolsGold" }, numByzantine: 0 }),
  },
];

/** One cell of the table, for the lab. */
export function foolsGoldCell(row: PublishedRow, sybils: Sybils, rounds: number, seed: number): Cell {
  const [cell] = cellsOf(parseGrid(SCENARIO, "scenario", "foolsgold"));
  const clients = HONEST + sybils;
  const { rule, numByzantine } = row.rule(clients);
  const defence = { label: row.label, preAggregators: [], rule };
  const evaluation = { everyRounds: rounds };
  return { ...(cell as Cell), clients, attackers: sybils, defence, numByzantine, rounds, seed, evaluation };
}

/** How far from the published figures a reproduction may lie. */
export function gatesOf({ label }: PublishedRow, sybils: Sybils): { readonly accuracy: number; readonly rate: number } {
  return { accuracy: label === "trim 0.2" && sybils === 0 ? 0.045 : 0.03, rate: sybils === 1 ? 0.12 : 0.02 };
}
