import type { CombiningRule, Geometry } from "../rule.ts";
import { clipFactor, cosine, medianOf, onUpdates, updateNorms } from "./measures.ts";

/**
 * FLAME (Nguyen et al. 2022, section 4 and algorithm 1) without its noise: HDBSCAN on the cosine distances of the
 * updates with a least cluster size of floor(n/2) + 1 keeps one cluster; its members are clipped to the median norm of
 * all updates and averaged.
 *
 * The paper clusters whole models; here, as everywhere, the vectors are the updates. Its noise (sigma from the median
 * norm of the very round it protects) has no differential-privacy guarantee, whatever epsilon is put into its formula,
 * so it is left out: for privacy take a mechanism, not this rule. Directions alone are compared, and one majority is
 * kept: on unlike data honest minorities go. Within C rows leave the result within C: sensitivity 2C.
 */
export function flame({ numByzantine: f }: { readonly numByzantine: number }): CombiningRule {
  return {
    kind: "combine",
    name: "FLAME",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    weighted: false,
    needs: { innerProducts: true },
    combine: ({ geometry }) => {
      const admitted = majorityCluster(geometry);
      const numAdmitted = admitted.filter(Boolean).length;
      const norms = updateNorms(geometry);
      const bound = medianOf(norms);
      const factor = norms.map((norm) => clipFactor(norm, bound));
      const weights = factor.map((it, i) => (admitted[i] ? it / numAdmitted : 0));
      return {
        coefficients: onUpdates(geometry, weights),
        perUpdate: { admitted: Float64Array.from(admitted, Number), clipFactor: factor },
      };
    },
  };
}

/**
 * HDBSCAN (Campello et al. 2013) with min_samples = 1, a least cluster size over n/2 and a single cluster allowed. With
 * one sample the mutual reachability of two rows is their distance, and no split leaves two clusters of more than
 * half: what is left of the hierarchy is the densest majority, the first component of more than half of the rows as
 * edges are added from the shortest on, all of one length at once.
 */
function majorityCluster(geometry: Geometry): readonly boolean[] {
  const n = geometry.numUpdates;
  const cluster = Uint32Array.from({ length: n }, (_, i) => i);
  const sizes = new Uint32Array(n).fill(1);
  let reached = Number.POSITIVE_INFINITY;
  let majority = 0;
  for (const { i, j, length } of edges(geometry)) {
    if (length > reached) break;
    const merged = merge(cluster, sizes, i, j);
    if (2 * (sizes[merged] as number) <= n) continue;
    reached = length;
    majority = merged;
  }
  return Array.from(cluster, (it) => it === majority);
}

interface Edge {
  readonly i: number;
  readonly j: number;
  readonly length: number;
}

/** Every pair of updates by cosine distance, the shortest first. */
function edges(geometry: Geometry): readonly Edge[] {
  const pairs: Edge[] = [];
  for (let i = 0; i < geometry.numUpdates; i++) {
    for (let j = i + 1; j < geometry.numUpdates; j++) {
      pairs.push({ i, j, length: 1 - cosine(geometry, i + 1, j + 1) });
    }
  }
  return pairs.sort((a, b) => a.length - b.length || a.i - b.i || a.j - b.j);
}

/** Puts the cluster of j into that of i, and answers with it. */
function merge(cluster: Uint32Array, sizes: Uint32Array, i: number, j: number): number {
  const [into, from] = [cluster[i] as number, cluster[j] as number];
  if (into === from) return into;
  for (const [k, it] of cluster.entries()) if (it === from) cluster[k] = into;
  sizes[into] = (sizes[into] as number) + (sizes[from] as number);
  return into;
}
