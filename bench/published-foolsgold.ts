export type PublishedSybils = 0 | 1 | 2 | 5 | 9;

interface PublishedRow {
  /** The label of simulations/scenarios/foolsgold.yaml. */
  readonly rule: string;
  readonly published: readonly (readonly [sybils: PublishedSybils, accuracy: number, rate: number])[];
}

/**
 * Accuracy, and the share of ones read as sevens, for each number of sybils: means of five runs (Fung, Yoon and Beschastnikh
 * 2018, as github.com/DistributedML/FoolsGold has them in plots/baseline_labelflip).
 */
export const PUBLISHED_FOOLSGOLD: readonly PublishedRow[] = [
  {
    rule: "mean",
    published: [
      [0, 0.91, 0.001],
      [1, 0.859, 0.386],
      [2, 0.79, 0.965],
      [5, 0.781, 0.986],
      [9, 0.772, 0.992],
    ],
  },
  {
    rule: "median",
    published: [
      [0, 0.409, 0.008],
      [1, 0.361, 0.405],
      [2, 0.313, 0.968],
      [5, 0.247, 0.996],
      [9, 0.103, 1],
    ],
  },
  {
    rule: "trim 0.1",
    published: [
      [0, 0.787, 0.002],
      [1, 0.655, 0.879],
      [2, 0.634, 0.989],
      [5, 0.605, 0.995],
      [9, 0.593, 0.996],
    ],
  },
  {
    rule: "trim 0.2",
    published: [
      [0, 0.681, 0.001],
      [1, 0.663, 0.037],
      [2, 0.541, 0.969],
      [5, 0.429, 0.994],
      [9, 0.45, 0.996],
    ],
  },
  {
    rule: "multi-Krum, drop 1",
    published: [
      [0, 0.82, 0.001],
      [1, 0.77, 0.365],
      [2, 0.699, 0.964],
      [5, 0.698, 0.989],
      [9, 0.698, 0.993],
    ],
  },
  {
    rule: "FoolsGold",
    published: [
      [0, 0.918, 0.002],
      [1, 0.884, 0.227],
      [2, 0.918, 0.002],
      [5, 0.918, 0.002],
      [9, 0.918, 0.002],
    ],
  },
];
