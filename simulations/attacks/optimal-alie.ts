import type { Attack } from "./attack.ts";
import type { Search } from "./line-search.ts";
import { stdDevOf } from "./moments.ts";
import { optimal } from "./optimal.ts";

/** OptimalALIE: the z for which mu + z * sigma of ALittleIsEnough leads the whole pipeline farthest from the honest mean. */
export function optimalAlie({ search }: { readonly search: Search }): Attack {
  return optimal(search, (rows, mean) => ({ from: mean, direction: stdDevOf(rows, mean) }));
}
