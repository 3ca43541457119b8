import { z } from "zod";
import { planFileSchema } from "../../../core/plan.ts";
import { attackSettingsSchema, parseAttack } from "../../attacks/registry.ts";
import { dataSchema } from "../../data/settings.ts";
import { parsePartition, partitionSchema } from "../../partitions/settings.ts";
import { type Defence, defenceSchema } from "./defence.ts";
import { shortOrFull } from "./short-or-full.ts";

const { shape } = planFileSchema;
const whole = (least: number, most: number) => z.int().min(least).max(most);

const NO_ATTACK = "none";
const attack = z.preprocess(
  (value) => (value === NO_ATTACK ? null : value),
  shortOrFull(parseAttack, attackSettingsSchema.nullable()),
);
const partition = shortOrFull(parsePartition, partitionSchema);
const seed = whole(0, Number.MAX_SAFE_INTEGER);
const numByzantine = whole(0, 100_000);
/** What it takes from the data is not written twice. */
const model = z.preprocess((value) => (typeof value === "string" ? { builtin: value } : value), shape.model);

/** What clients do with what they trained (lab/clients/habits.ts). */
const habits = z.strictObject({
  momentum: z.number().gt(0).lt(1).optional(),
  weightDecay: z.number().gt(0).lt(1).optional(),
  clipNorm: z.number().positive().optional(),
});

const files = shape.aggregation.shape.rootDataset.unwrap();
const rootDataset = z.union([z.strictObject({ examples: whole(1, 1_000_000) }), files]);

/** What all cells of a grid share, and a scenario has beside its attack and its defence. */
const shared = {
  name: shape.job,
  /** For people: what the report says above its figures. */
  about: z.string().max(2_000).optional(),
  data: dataSchema.prefault("mnist"),
  model: model.prefault("mlp"),
  /** All of them, or the honest ones, whom the attackers join. */
  clients: z.union([whole(2, 100_000), z.strictObject({ honest: whole(2, 100_000) })]).default(10),
  /** How many clients attack; as many as the defences are told to expect, unless it says otherwise. */
  attackers: numByzantine.optional(),
  /** Rounds in which they do; honest before and after. */
  attackRounds: z
    .strictObject({ from: whole(1, 1_000_000).default(1), to: whole(1, 1_000_000).optional() })
    .refine(({ from, to = from }) => to >= from, { error: "ends before it begins" })
    .optional(),
  /**
   * The honest clients share out the whole set, and attackers hold copies: each of another honest client's share, or all
   * of them all examples of one class.
   */
  attackersHold: z.union([z.literal("copies"), z.strictObject({ label: whole(0, 1_000_000) })]).optional(),
  rounds: whole(1, 1_000_000).default(20),
  cohort: shape.cohort,
  local: shape.local,
  habits: habits.prefault({}),
  privacy: shape.privacy,
  serverOptimizer: shape.serverOptimizer,
  reputation: shape.reputation,
  /** The coordinator's own examples, for rules that read any: files, or so many of the training set. */
  rootDataset: rootDataset.optional(),
  maxNorm: shape.aggregation.shape.maxNorm,
  weights: shape.aggregation.shape.weights,
  /** The plan's own where it is left out, so that cells from before there was such a key keep their ids. */
  maxExamples: shape.aggregation.shape.maxExamples.unwrap().optional(),
  evaluation: z
    .strictObject({
      everyRounds: whole(1, 1_000_000).default(1),
      /** Of the held-out set, from its beginning; all of them where it does not say. */
      examples: whole(1, 10_000_000).optional(),
    })
    .prefault({}),
};

const list = <T extends z.ZodType>(item: T, check: ListCheck<z.output<T>> = eachOnce) =>
  z.array(item).min(1, "names nothing: a grid of zero cells").max(10_000).superRefine(check);

const attacksInTime = ({
  attackRounds,
  rounds,
}: Pick<z.output<z.ZodObject<typeof shared>>, "attackRounds" | "rounds">) =>
  attackRounds === undefined || attackRounds.from <= rounds;
const LATE = { path: ["attackRounds"], error: "begins after the last round" };

/** `holdfast simulate`: one attack against one defence, over seeds. */
export const scenarioSchema = z
  .strictObject({
    ...shared,
    attack: attack.prefault(NO_ATTACK),
    rule: defenceSchema,
    numByzantine: numByzantine.default(0),
    partition: partition.prefault("iid"),
    seeds: list(seed).default([0]),
  })
  .refine(attacksInTime, LATE);

/** Known before any cell is built: of more, even the list would not fit into memory. */
const MOST_CELLS = 100_000;

/** `holdfast matrix`: every combination of the lists. */
export const gridSchema = z
  .strictObject({
    ...shared,
    /** One number, or a list to compare. */
    attackers: z.union([numByzantine, list(numByzantine)]).optional(),
    attacks: list(attack),
    rules: list(defenceSchema, eachItsLabel),
    /** What rules are told that do not say it themselves. */
    numByzantine: list(numByzantine),
    partitions: list(partition),
    seeds: list(seed).default([0]),
  })
  .refine(attacksInTime, LATE)
  .superRefine(eachCellOnce)
  .refine((grid) => numCellsOf(grid) <= MOST_CELLS, {
    error: ({ input }) => {
      const cells = numCellsOf(input as Lists).toLocaleString("en");
      return `its lists come to ${cells} cells, and ${MOST_CELLS.toLocaleString("en")} is the most of one grid`;
    },
  });

interface Lists
  extends Readonly<Record<"attacks" | "rules" | "numByzantine" | "partitions" | "seeds", readonly unknown[]>> {
  readonly attackers?: number | readonly number[] | undefined;
}

function numCellsOf({ attacks, rules, numByzantine, partitions, seeds, attackers }: Lists): number {
  const lists = [attacks, rules, numByzantine, partitions, seeds, numbersOf(attackers)];
  return lists.reduce((product, it) => product * it.length, 1);
}

/** How many attack; undefined stands for as many as the rules are told. */
export const numbersOf = (attackers: Lists["attackers"]): readonly (number | undefined)[] =>
  typeof attackers === "object" ? attackers : [attackers];

/** What does not depend on an entry of a list would be run for every one of them, and look like more. */
function eachCellOnce(
  { attacks, rules, numByzantine, attackers }: Omit<Lists, "rules"> & { readonly rules: readonly Defence[] },
  { addIssue }: z.RefinementCtx,
): void {
  const refuse = (path: PropertyKey[], message: string) => addIssue({ code: "custom", path, message });
  if (numbersOf(attackers).length > 1 && attacks.includes(null)) {
    refuse(["attacks", attacks.indexOf(null)], `${NO_ATTACK}, for every one of attackers: put a 0 there in its place`);
  }
  const own = rules.findIndex((it) => it.numByzantine !== undefined);
  if (numByzantine.length > 1 && own !== -1) {
    refuse(["rules", own], "says its own numByzantine, and the grid's is a list: that takes two grids");
  }
}

type ListCheck<T> = (items: readonly T[], context: z.RefinementCtx) => void;

/** What is written twice would be run once, and look like more. */
function eachOnce(items: readonly unknown[], { addIssue }: z.RefinementCtx): void {
  const places = new Map<string, number>();
  for (const [i, item] of items.entries()) {
    const text = JSON.stringify(item);
    const first = places.get(text);
    if (first === undefined) places.set(text, i);
    else addIssue({ code: "custom", path: [i], message: `the same as entry ${first + 1} of this list` });
  }
}

/** A report puts what has one label on one line, whatever it is. */
function eachItsLabel(rules: readonly Defence[], { addIssue }: z.RefinementCtx): void {
  for (const [i, { label }] of rules.entries()) {
    const first = rules.findIndex((it) => it.label === label);
    if (first === i) continue;
    const message = `"${label}" is what rule ${first + 1} is called: give one of them another label`;
    addIssue({ code: "custom", path: [i], message });
  }
}

export type Grid = z.output<typeof gridSchema>;

/** A scenario is a grid of one attack, one rule, one partition. */
export function asGrid({ attack, rule, numByzantine, partition, ...scenario }: z.output<typeof scenarioSchema>): Grid {
  return { ...scenario, attacks: [attack], rules: [rule], numByzantine: [numByzantine], partitions: [partition] };
}
