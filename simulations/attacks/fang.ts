import type { TrainingTask } from "../../client/index.ts";
import type { Attack, Insider } from "./attack.ts";
import { crafting, fromAll, oncePerAttempt, ownChance, sharedChance } from "./crafting.ts";
import { againstSigns, beyondEstimate, beyondHonest, greatestPicked, signsOf } from "./fang-rows.ts";
import { expandThenContract } from "./line-search.ts";
import { dot, squaredDistance } from "./moments.ts";

/** The family of rules whose rows to send; `auto` tries both. */
export type Target = "auto" | "Krum" | "TrimmedMean";

/**
 * Fang (Fang et al. 2020, "Local Model Poisoning Attacks to Byzantine-Robust Federated Learning", section 3): the aggregate
 * is led against the signs s of the honest mean, as far as the whole pipeline in force lets the attackers lead it.
 *
 * What is wanted is the paper's: the greatest s^T (before - after), before being what the pipeline would put out without
 * the attack, after with it. As before is the same whatever is sent, it is not asked for. Two kinds of rows are tried:
 *
 * - section 3.2, `Krum`: all send -lambda s. Told so, or where the plan's rule picks updates, lambda is the greatest that is
 *   picked, and 0 where none is; elsewhere the one that leads the output farthest.
 * - section 3.3, `TrimmedMean`: each sends values drawn from beyond the honest ones, as far beyond (the paper's b) as leads
 *   the output farthest.
 *
 * `auto` sends whichever of the two does more. The paper's own b = 2 is tried first: it is sent where nothing does more, or
 * where the pipeline could hold with nothing that is tried.
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
  /** s, of their mean. */
  readonly signs: Float64Array;
  straight(lambda: number): Float32Array[];
  beyond(b?: number): Float32Array[];
  outcome(crafted: readonly Float32Array[]): Promise<Float32Array | undefined>;
}

function siegeOf(known: Insider, task: TrainingTask, honest: readonly Float32Array[]): Siege {
  const straight = againstSigns(honest);
  const drawn = beyondHonest(honest);
  return {
    honest,
    signs: signsOf(honest),
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
  if (against === "Krum") return siege.straight(await picked(siege));
  const beyond = await farthestBeyond(siege);
  if (against === "TrimmedMean") return beyond.crafted;
  const straight = await farthestStraight(PICKING.includes(plan.aggregation.rule.name), siege);
  return straight.y > beyond.y ? straight.crafted : beyond.crafted;
}

/** Of b, from 1, and of lambda, from 0: with the paper's b these are twenty questions to the pipeline. */
const B_STEPS = { firstStep: 0.5, evaluations: 9 };
const LAMBDA_STEPS = { firstStep: 0.25, evaluations: 10 };

async function farthestBeyond(siege: Siege) {
  const crafted = siege.beyond();
  const paper = { crafted, y: await deviation(crafted, siege) };
  const { x, y } = await expandThenContract((b) => deviation(siege.beyond(1 + b), siege), B_STEPS);
  return y > paper.y ? { crafted: siege.beyond(1 + x), y } : paper;
}

/** @param picks whether the rule does: twenty-one questions, and otherwise ten */
async function farthestStraight(picks: boolean, siege: Siege) {
  const at = (lambda: number) => deviation(siege.straight(lambda), siege);
  if (!picks) {
    const { x, y } = await expandThenContract(at, LAMBDA_STEPS);
    return { crafted: siege.straight(x), y };
  }
  const lambda = await picked(siege);
  return { crafted: siege.straight(lambda), y: await at(lambda) };
}

/** s^T (before - after), but for what does not depend on what is sent. */
async function deviation(crafted: readonly Float32Array[], { signs, outcome }: Siege): Promise<number> {
  const after = await outcome(crafted);
  return after === undefined ? -Infinity : -dot(signs, after);
}

/** The greatest lambda for which the pipeline's output comes nearer to what all attackers send than to any honest row. */
function picked({ honest, straight, outcome }: Siege): Promise<number> {
  return greatestPicked(async (lambda) => {
    const crafted = straight(lambda);
    const result = await outcome(crafted);
    if (result === undefined) return false;
    const nearest = Math.min(...honest.map((row) => squaredDistance(result, row)));
    return squaredDistance(result, crafted[0] as Float32Array) < nearest;
  });
}
