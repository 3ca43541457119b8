/**
 * Test accuracies on MNIST of Karimireddy, He and Jaggi 2022, means of three seeds, as the authors keep them beside their
 * code (github.com/epfml/byzantine-robust-noniid-optimizer, folder outputs): `none` of exp1/all/output/exp1.tex and
 * exp1_bucketing.tex (24 clients, uneven classes, 4,500 rounds), `Mimic` of exp2/all/output/exp2.tex and exp2_bucketing.tex,
 * `InnerProductManipulation` of the last round in exp3/all/output/exp3.csv (5 of 25 clients attack, 600 rounds).
 */
export interface PublishedAccuracies {
  readonly plain: number;
  readonly bucketed: number;
}

export const BUCKETED = ["Krum", "Median", "GeometricMedian", "CenteredClipping"] as const;

type Bucketed = (typeof BUCKETED)[number];

export const PUBLISHED_BUCKETING = {
  none: {
    Krum: { plain: 0.899, bucketed: 0.9327 },
    Median: { plain: 0.8036, bucketed: 0.9559 },
    GeometricMedian: { plain: 0.826, bucketed: 0.9734 },
    CenteredClipping: { plain: 0.9878, bucketed: 0.9875 },
  },
  Mimic: {
    Krum: { plain: 0.3733, bucketed: 0.5315 },
    Median: { plain: 0.6427, bucketed: 0.786 },
    GeometricMedian: { plain: 0.7893, bucketed: 0.9117 },
    CenteredClipping: { plain: 0.9153, bucketed: 0.9256 },
  },
  InnerProductManipulation: {
    Krum: { plain: 0.3663, bucketed: 0.5561 },
    Median: { plain: 0.4979, bucketed: 0.6535 },
    GeometricMedian: { plain: 0.1635, bucketed: 0.9094 },
    CenteredClipping: { plain: 0.9228, bucketed: 0.93 },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Bucketed, PublishedAccuracies>>>>;

/** Of InnerProductManipulation with buckets, where clients send their momentum. */
export const PUBLISHED_MOMENTUM = {
  Krum: 0.4162,
  Median: 0.5991,
  GeometricMedian: 0.9621,
  CenteredClipping: 0.9787,
} as const satisfies Readonly<Record<Bucketed, number>>;

/** What backdoors did where they were published, as shares. */
export const PUBLISHED_BACKDOORS = {
  /**
   * Gu, Dolan-Gavitt and Garg 2017, MNIST with one pixel and one target: on clean images a network makes at most 0.17 points
   * more errors than one trained on clean images alone, and at least 99.91 % of the stamped ones are taken for the target. One
   * network on poisoned data, not a federation.
   */
  cleanAccuracyLost: 0.0017,
  stamped: 0.9991,
  /** Bagdasaryan et al. 2020, abstract: an attacker who is chosen for a single round reaches 100 %. */
  replaced: 1,
} as const;
