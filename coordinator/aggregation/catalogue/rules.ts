import type { Rule } from "../rule.ts";
import { BY_COORDINATE } from "./by-coordinate.ts";
import { BY_DISTANCE } from "./by-distance.ts";
import { BY_SUSPICION } from "./by-suspicion.ts";
import { BY_WEIGHT } from "./by-weight.ts";
import type { Entry } from "./entry.ts";

/** Every rule by the name that plans use. */
export const RULES: Readonly<Record<string, Entry<Rule>>> = {
  ...BY_WEIGHT,
  ...BY_COORDINATE,
  ...BY_DISTANCE,
  ...BY_SUSPICION,
};
