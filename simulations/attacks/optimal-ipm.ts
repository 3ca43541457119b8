import type { Attack } from "./attack.ts";
import type { Search } from "./line-search.ts";
import { optimal } from "./optimal.ts";

/** OptimalIPM: the factor of InnerProductManipulation that leads the whole pipeline farthest from the honest mean. */
export function optimalIpm({ search }: { readonly search: Search }): Attack {
  return optimal(search, (_, mean) => ({ from: new Float64Array(mean.length), direction: mean.map((it) => -it) }));
}
