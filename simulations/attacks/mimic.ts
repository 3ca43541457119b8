import { gaussian } from "../../core/random/gaussian.ts";
import type { Random } from "../../core/random/random.ts";
import type { AttackKnowing } from "./attack.ts";
import { crafting, oncePerAttempt, sharedChance } from "./crafting.ts";
import { dot, meanOf } from "./moments.ts";

/**
 * Mimic (Karimireddy, He and Jaggi 2022, section 3 and appendix B): all attackers copy one honest client, the same one for the
 * whole training, who then counts as often as they are. Nothing about their rows is unusual, yet on unlike data the others
 * are outweighed. The paper's initial phase, in which the client is chosen, is the attack's first round; in a sampled round
 * that the client is not in, the choice is made among those who are, for that round.
 *
 * @param client the place among a round's honest rows of whom to copy, from 0 (the last where coins draw fewer); or
 * `principal`, whoever lies farthest along the direction in which honest clients differ most
 */
export function mimic({ client }: { readonly client: number | "principal" }): AttackKnowing<"omniscient"> {
  const once = oncePerAttempt<Float32Array>();
  let copied: string | undefined;
  return {
    knows: "omniscient",
    trainer: (honest, known) =>
      crafting(honest, (_, task) =>
        once(task, async () => {
          const rows = await known.honest(task);
          const names = known.honestNames(task);
          const chosen = () =>
            client === "principal"
              ? farthestAlong(rows, principalDirection(rows, sharedChance(task)))
              : Math.min(client, rows.length - 1);
          copied ??= names[chosen()] as string;
          return (rows[names.indexOf(copied)] ?? rows[chosen()]) as Float32Array;
        }),
      ),
  };
}

/** The place of whoever reaches farthest along the direction from the mean, either way; of equals the first. */
export function farthestAlong(rows: readonly Float32Array[], direction: Float64Array): number {
  const reach = dot(meanOf(rows), direction);
  const distances = rows.map((row) => Math.abs(dot(row, direction) - reach));
  return distances.indexOf(Math.max(...distances));
}

/** Steps of the power method: beyond them the farthest client hardly ever changes. */
const STEPS = 60;

/**
 * The direction of length 1 in which the rows differ most, the top eigenvector of sum_i (x_i - mu) (x_i - mu)^T, by the power
 * method from a random start. Of equal rows, the start.
 *
 * @param rows at least one row of d values
 * @returns d values
 */
export function principalDirection(rows: readonly Float32Array[], random: Random): Float64Array {
  const mean = meanOf(rows);
  const centred = rows.map((row) => mean.map((mu, k) => (row[k] as number) - mu));
  let direction = unit(Float64Array.from(mean, gaussian(random)));
  for (let step = 0; step < STEPS; step++) {
    const pull = new Float64Array(mean.length);
    for (const row of centred) {
      const weight = dot(row, direction);
      for (let k = 0; k < pull.length; k++) pull[k] = (pull[k] as number) + weight * (row[k] as number);
    }
    if (dot(pull, pull) === 0) break;
    direction = unit(pull);
  }
  return direction;
}

function unit(vector: Float64Array): Float64Array<ArrayBuffer> {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? Float64Array.from(vector) : Float64Array.from(vector, (value) => value / length);
}
