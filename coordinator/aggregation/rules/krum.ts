import type { CombiningRule } from "../rule.ts";
import type { Neighbours } from "./krum-scores.ts";
import { multiKrum, type Select } from "./multi-krum.ts";

/**
 * Krum (Blanchard et al. 2017, section 4): the one update whose summed squared distance to its nearest others is
 * least; with another `select`, MultiKrum under its first name. One moved point can switch the winner from one end of
 * the ball to the other, so it carries no central noise.
 */
export function krum(parameters: {
  readonly numByzantine: number;
  readonly neighbours: Neighbours;
  readonly select: Select;
}): CombiningRule {
  return { ...multiKrum(parameters), name: "Krum" };
}
