import { z } from "zod";
import { pipelineOf } from "../../../coordinator/index.ts";
import { type NamedSettings, planFileSchema } from "../../../core/plan.ts";
import { complaining } from "./short-or-full.ts";

/** A rule with its pre-aggregators, under the label of tables and axes. */
export interface Defence {
  readonly label: string;
  readonly preAggregators: NamedSettings[];
  readonly rule: NamedSettings;
  /** What it is told to expect, where that is not what the grid says: a number, or a share of the clients of a round. */
  readonly numByzantine?: number | { readonly share: number } | undefined;
}

const { preAggregators, rule } = planFileSchema.shape.aggregation.shape;

const numByzantine = z.union([z.int().min(0).max(100_000), z.strictObject({ share: z.number().min(0).lt(0.5) })]);

const label = z.string().min(1).max(60);
const full = z.strictObject({ label: label.optional(), preAggregators, rule, numByzantine: numByzantine.optional() });

/** `NNM+TrimmedMean`, a rule's mapping, or a mapping of `preAggregators` and `rule` with a label and a `numByzantine` of its own. */
export const defenceSchema = z
  .preprocess((value) => (typeof value === "string" ? named(value) : isRule(value) ? { rule: value } : value), full)
  .transform(({ label, ...steps }): Defence => ({ label: label ?? labelOf(steps), ...steps }))
  .superRefine((defence, context) => {
    complaining(context, [], () => pipelineOf({ ...defence, numByzantine: 0, weights: "uniform" }));
  });

function named(text: string) {
  const names = text.split("+").map((name) => ({ name: name.trim() }));
  return { preAggregators: names.slice(0, -1), rule: names.at(-1) };
}

const isRule = (value: unknown): boolean => typeof value === "object" && value !== null && "name" in value;

function labelOf({ preAggregators, rule, numByzantine: own }: Omit<Defence, "label">): string {
  const name = [...preAggregators, rule].map(settingsText).join("+");
  if (own === undefined) return name;
  return `${name}, f = ${typeof own === "number" ? own : `${own.share} n`}`;
}

/** `Krum`, or `Krum(neighbours: n-f-1)`. */
function settingsText({ name, ...parameters }: NamedSettings): string {
  const told = Object.entries(parameters).map(([key, value]) => `${key}: ${value}`);
  return told.length === 0 ? name : `${name}(${told.join(", ")})`;
}
