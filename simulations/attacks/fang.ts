import type { TrainingTask } from "../../client/index.ts";
import type { Attack, Insider } from "./attack.ts";
import { crafting, fromAll, oncePerAttempt, ownChance, sharedChance } from "./crafting.ts";
import { againstSigns, beyondEstimate, beyondHonest, greatestPicked, signsOf } from "./fang-rows.ts";
import { expandThenContract } from "./line-search.ts";
import { dot, squaredDistance } from "./moments.ts";

/** The family of rules whose attack to carry out; `auto` goes by the plan's rule and what the pipeline makes of either. */
export type Target = "auto" | "Krum" | "TrimmedMean";

/**
 * Fang (Fang et al. 2020, "Local Model Poisoning Attacks to Byzantine-Robust Federated Learning", section 3): the aggregate
 * is led against the signs s of the honest mean, as far as the whole pipeline in force lets the attackers lead it.
 *
 * `Krum`, and `auto` where the plan's rule picks updates (section 3.2): all send -lambda s, with the greatest lambda that is
 * picked. `TrimmedMean`, and `auto` elsewhere or where nothing is ever picked (section 3.3): each sends values drawn from
 * beyond the honest ones. How far beyond, and with `auto` whether -lambda s does more, goes by what the paper wants: the
 * greatest s^T (before - after), before being what the pipeline would put out without the attack, after with it. As
 * before is the same whatever is sent, it is not asked for. The paper's own b = 2 is tried first: it is what is sent where
 * nothing does more, or where the pipeline could not hold with anything that is tried.
 *
 * Who does not know the honest deltas (`colluders`) tries nothing: values three to four estimated deviations off the mean.
 */
export function fang({ against, from }: { readonly against: Target; readonly from: "honest" | "colluders" }): Attack {
  if (from === "colluders") {
    return {
      knows: "colluders",
      trainer: (honest, known) =>
        crafting(honest, async ({ delta }, task) => {
          const random = ownChance(task);
          return beyondEstimate(await known.exchange(task, delta), () => random.uniform());
        }),
    };
  }
  const once = oncePerAttempt<ReadonlyMap<number, Float32Array>>();
  return {
    knows: "knows-rule",
    trainer: (honest, known) =>
      crafting(honest, async (_, task) => {
        const rows = await once(task, () => rowsByPlace(against, known, task));
        return rows.get(known.place) as Float32Array;
      }),
  };
}

async function rowsByPlace(against: Target, known: Insider, task: TrainingTask) {
  const places = known.places(task);
  const rows = await craft(against, task, siegeOf(known, task, await known.honest(task)));
  return new Map(places.map((place, i) => [place, rows[i] as Float32Array]));
}

/** What can be sent, one row from each attacker in the order of their places, and what would come of it. */
interface Siege {
  readonly honest: readonly Float32Array[];
  straight(lambda: number): Float32Array[];
  beyond(b?: number): Float32Array[];
  outcome(crafted: readonly Float32Array[]): Promise<Float32Array | undefined>;
}

function siegeOf(known: Insider, task: TrainingTask, honest: readonly Float32Array[]): Siege {
  const straight = againstSigns(honest);
  const drawn = beyondHonest(honest);
  return {
    honest,
    straight: (lambda) => fromAll(known, task, straight(lambda)),
    beyond(b) {
      const random = sharedChance(task);
      return known.places(task).map(() => drawn(() => random.uniform(), b));
    },
    outcome: (crafted) => known.aggregate(task, [...honest, ...crafted]),
  };
}

const PICKING = ["Krum", "MultiKrum", "Bulyan"];

async function craft(against: Target, { plan }: TrainingTask, siege: Siege): Promise<readonly Float32Array[]> {
  if (against === "Krum" || (against === "auto" && PICKING.includes(plan.aggregation.rule.name))) {
    const lambda = await greatestPicked((it) => isPicked(siege.straight(it), siege));
    if (lambda > 0 || against === "Krum") return siege.straight(lambda);
  }
  return mostDeviating(against, siege);
}

/** Whether the pipeline's output comes nearer to the row that all attackers send than to any honest one. */
async function isPicked(crafted: readonly Float32Array[], { honest, outcome }: Siege): Promise<boolean> {
  const result = await outcome(crafted);
  if (result === undefined) return false;
  const nearest = Math.min(...honest.map((row) => squaredDistance(result, row)));
  return squaredDistance(result, crafted[0] as Float32Array) < nearest;
}

/** Of b, from 1, and of lambda, from 0: with the paper's b these are twenty questions to the pipeline. */
const B_STEPS = { firstStep: 0.5, evaluations: 9 };
const LAMBDA_STEPS = { firstStep: 0.25, evaluations: 10 };

async function mostDeviating(against: Target, { honest, straight, beyond, outcome }: Siege) {
  const signs = signsOf(honest);
  const deviation = async (crafted: readonly Float32Array[]) => {
    const after = await outcome(crafted);
    return after === undefined ? -Infinity : -dot(signs, after);
  };
  let most = { crafted: beyond(), y: await deviation(beyond()) };
  const b = await expandThenContract((x) => deviation(beyond(1 + x)), B_STEPS);
  if (b.y > most.y) most = { crafted: beyond(1 + b.x), y: b.y };
  if (against === "TrimmedMean") return most.crafted;
  const lambda = await expandThenContract((x) => deviation(straight(x)), LAMBDA_STEPS);
  return lambda.y > most.y ? straight(lambda.x) : most.crafted;
}
