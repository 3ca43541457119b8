import { describe, expect, test } from "vitest";
import { gaussian } from "../../../core/random/gaussian.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import { flDetector } from "./fl-detector.ts";
import { hessianTimes } from "./l-bfgs.ts";
import { outcomeOf, type RememberedVectors, type SmallOutcome } from "./testing.ts";

type Vector = readonly number[];
/** What a client makes of its honest update. */
type Behaviour = (honest: Vector, round: number) => Vector;

const D = 6;
const WINDOW = 4;
/** The first two aggregates make the first pair, for the round after them; that is prediction 1 of 4. */
const FIRST_JUDGED = WINDOW + 1;
const honest: Behaviour = (update) => update;

interface Round {
  readonly updates: readonly Vector[];
  readonly outcome: SmallOutcome;
}

/**
 * Federated gradient descent on quadratic losses: client i pulls towards its own centre with its own curvatures, which
 * differ by a tenth, and its gradient is noisy by a hundredth.
 */
function train(behaviours: readonly Behaviour[], numRounds: number, seed = 1) {
  const draw = gaussian(seededRandom(new Uint8Array(32).fill(seed)));
  const clients = behaviours.map((behave) => ({
    behave,
    centre: Array.from({ length: D }, () => 3 + draw()),
    curvature: Array.from({ length: D }, (_, k) => (k + 1) * (1 + 0.1 * draw())),
  }));
  let model: Vector = Array.from({ length: D }, () => 0);
  let previousAggregate: Vector = model;
  let memory: RememberedVectors = { vectors: {}, numbers: {} };
  const rounds: Round[] = [];
  for (let round = 0; round < numRounds; round++) {
    const updates = clients.map(({ behave, centre, curvature }) => {
      const delta = model.map((w, k) => -0.05 * (curvature[k] as number) * (w - (centre[k] as number)) + 1e-3 * draw());
      return behave(delta, round);
    });
    const outcome = outcomeOf(rule, { updates, references: { previousAggregate }, memory, seed: round });
    rounds.push({ updates, outcome });
    memory = outcome.remembered;
    previousAggregate = outcome.aggregate;
    model = model.map((w, k) => w + (previousAggregate[k] as number));
  }
  return { rounds, model };
}

const rule = flDetector({ numByzantine: 3, window: WINDOW });
const excludedIn = ({ outcome }: Round) => [...(outcome.perUpdate?.["excluded"] ?? [])];
const suspicionIn = ({ outcome }: Round) => [...(outcome.perUpdate?.["suspicion"] ?? [])];

const turning: Behaviour = (update) => update.map((it) => -4 * it);
const noise = gaussian(seededRandom(new Uint8Array(32).fill(99)));
const noisy: Behaviour = (update) => update.map((it) => it + noise());
const alternating: Behaviour = (update, round) => update.map((it) => (round % 2 === 0 ? 3 : -1) * it);

describe("FLDetector", () => {
  test.each([
    ["turning every update", turning],
    ["adding noise", noisy],
    ["alternating", alternating],
  ])("finds attackers by %s within a few rounds, and never anybody else", (_, attack) => {
    const behaviours = [attack, ...Array<Behaviour>(4).fill(honest), attack, ...Array<Behaviour>(4).fill(honest)];
    const attackers = behaviours.map((it) => Number(it === attack));
    const { rounds } = train(behaviours, 20);
    for (const round of rounds.slice(0, FIRST_JUDGED)) expect(excludedIn(round)).toEqual(behaviours.map(() => 0));
    for (const round of rounds.slice(FIRST_JUDGED + 2)) expect(excludedIn(round)).toEqual(attackers);
    for (const round of rounds) expect(excludedIn(round).every((it, i) => it <= (attackers[i] as number))).toBe(true);
  });

  test("leaves honest clients alone", () => {
    const behaviours = Array<Behaviour>(12).fill(honest);
    const excluded = [1, 2, 3, 4, 5].flatMap((seed) => train(behaviours, 20, seed).rounds.flatMap(excludedIn));
    // of 12 clients in 15 judged rounds with 5 seeds
    expect(excluded.filter((it) => it === 1).length).toBeLessThan(0.05 * 12 * 15 * 5);
  });

  test("before it has its window it is the mean", () => {
    const { rounds } = train([turning, honest, honest], FIRST_JUDGED);
    for (const { updates, outcome } of rounds) {
      for (const [k, value] of outcome.aggregate.entries()) {
        expect(value).toBeCloseTo(updates.reduce((sum, x) => sum + (x[k] as number), 0) / 3, 12);
      }
    }
  });

  test("memory passed from round to round gives what all the histories give", () => {
    const { rounds } = train([turning, honest, honest, noisy, honest, honest, honest], 14);
    const expected = suspicionFromHistories(rounds);
    for (const [t, round] of rounds.entries()) {
      for (const [i, suspicion] of suspicionIn(round).entries())
        expect(suspicion).toBeCloseTo(expected[t]?.[i] as number, 7);
    }
  });

  test("what it remembers does not grow with the rounds", () => {
    const names = ({ outcome }: Round) => Object.keys(outcome.remembered.vectors).sort();
    const { rounds } = train([honest, honest, honest], 12);
    const expected = [1, 2, 3, 4].map((age) => `aggregate/${age}`).concat([1, 2, 3].map((i) => `history/client-${i}`));
    expect(names(rounds.at(-1) as Round)).toEqual(expected);
    expect(Object.values(rounds.at(-1)?.outcome.remembered.numbers ?? {}).every((it) => it.length === WINDOW)).toBe(
      true,
    );
  });

  test("a client that stays away keeps its last update and its suspicion; one that joins is not judged", () => {
    const { rounds } = train([turning, honest, honest, honest, honest, honest], 10);
    const { outcome } = rounds.at(-1) as Round;
    const without = outcomeOf(rule, {
      updates: [
        [1, 1, 1, 1, 1, 1],
        [2, 1, 1, 1, 1, 1],
      ],
      clientIds: ["client-2", "newcomer"],
      references: { previousAggregate: outcome.aggregate },
      memory: outcome.remembered,
    });
    const name = "history/client-1";
    for (const [k, value] of (outcome.remembered.vectors[name] ?? []).entries()) {
      expect(without.remembered.vectors[name]?.[k]).toBe(value);
    }
    expect(without.remembered.numbers["errors/client-1"]).toEqual(outcome.remembered.numbers["errors/client-1"]);
    expect(without.perUpdate?.["suspicion"]?.[1]).toBe(0);
    expect(without.remembered.numbers["errors/newcomer"]).toEqual([]);
  });

  test("a suspicious half is not believed, and that is said", () => {
    const { rounds } = train([turning, turning, turning, honest, honest, honest], 10);
    const { outcome } = rounds.at(-1) as Round;
    expect(excludedIn(rounds.at(-1) as Round)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(outcome.remarks).toEqual([expect.stringContaining("none is left out")]);
  });

  test.each([
    ["zero", () => 0],
    ["the same", () => 0.1],
    ["of norm 1e30", () => 1e30],
  ])("updates that are all %s give themselves, round after round", (_, value) => {
    const { rounds } = train(
      Array<Behaviour>(4).fill((update) => update.map(value)),
      9,
    );
    for (const { outcome } of rounds)
      for (const it of outcome.aggregate) expect(it / (value() || 1)).toBeCloseTo(value() && 1, 12);
  });
});

/** The same figures from the paper's formula on whole vectors: for each round, of each client. */
function suspicionFromHistories(rounds: readonly Round[]): number[][] {
  const aggregates = rounds.map(({ outcome }) => Float64Array.from(outcome.aggregate));
  const errors: number[][] = rounds.map(({ updates }, t) => {
    if (t < 2) return [];
    const pairs = aggregates.slice(Math.max(0, t - 1 - WINDOW), t - 1).map((step, k, steps) => {
      const next = k + 1 < steps.length ? (steps[k + 1] as Float64Array) : (aggregates[t - 1] as Float64Array);
      return { step, change: next.map((it, j) => it - (step[j] as number)) };
    });
    const curved = pairs.filter(({ step, change }) => dot(step, change) < 0);
    const change = hessianTimes(curved, aggregates[t - 1] as Float64Array, dot);
    const distances = updates.map((update, i) => {
      const before = rounds[t - 1]?.updates[i] ?? [];
      return Math.hypot(...update.map((it, k) => it - (before[k] as number) - (change[k] as number)));
    });
    const total = distances.reduce((sum, it) => sum + it, 0);
    return distances.map((it) => it / total);
  });
  return rounds.map(({ updates }, t) =>
    updates.map((_, i) => {
      const known = errors
        .slice(2, t + 1)
        .slice(-WINDOW)
        .map((round) => round[i] as number);
      return known.length === 0 ? 0 : known.reduce((sum, it) => sum + it, 0) / known.length;
    }),
  );
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, k) => sum + value * (b[k] as number), 0);
}
