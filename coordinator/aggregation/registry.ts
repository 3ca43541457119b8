import { z } from "zod";
import { FederationError } from "../../core/errors.ts";
import { suggestion } from "../../core/nearest-name.ts";
import type { NamedSettings } from "../../core/plan.ts";
import { nnm } from "./pre-aggregators/nnm.ts";
import type { PreAggregator, Rule } from "./rule.ts";
import { fedAvg } from "./rules/fed-avg.ts";
import { krum } from "./rules/krum.ts";
import { median } from "./rules/median.ts";
import { multiKrum } from "./rules/multi-krum.ts";
import { trimmedMean } from "./rules/trimmed-mean.ts";

/** Builds one kind of step from a plan's settings, whose keys it checks strictly. */
interface Entry<Step> {
  readonly parameters: readonly string[];
  /** @throws z.ZodError */
  build(settings: Readonly<Record<string, unknown>>, numByzantine: number): Step;
}

function entry<Shape extends z.ZodRawShape, Step>(
  shape: Shape,
  build: (parameters: z.output<z.ZodObject<Shape>> & { numByzantine: number }) => Step,
): Entry<Step> {
  const schema = z.object(shape);
  return {
    parameters: Object.keys(shape),
    build: (settings, numByzantine) => build({ ...schema.parse(settings), numByzantine }),
  };
}

const neighbours = z.enum(["n-f-2", "n-f-1"]).default("n-f-2");
const select = z.union([z.enum(["n-f-2", "n-f"]), z.int().min(1)]).default("n-f-2");

const RULES: Readonly<Record<string, Entry<Rule>>> = {
  FedAvg: entry({}, fedAvg),
  Median: entry({}, median),
  TrimmedMean: entry({}, trimmedMean),
  Krum: entry({ neighbours }, krum),
  MultiKrum: entry({ neighbours, select }, multiKrum),
};

const PRE_AGGREGATORS: Readonly<Record<string, Entry<PreAggregator>>> = {
  NNM: entry({}, nnm),
};

export const RULE_NAMES: readonly string[] = Object.keys(RULES);

/** @throws RULE_UNKNOWN, PLAN_INVALID */
export function ruleOf(settings: NamedSettings, numByzantine: number): Rule {
  return build("rule", RULES, settings, numByzantine);
}

/** @throws RULE_UNKNOWN, PLAN_INVALID */
export function preAggregatorOf(settings: NamedSettings, numByzantine: number): PreAggregator {
  return build("pre-aggregator", PRE_AGGREGATORS, settings, numByzantine);
}

function build<Step>(
  kind: string,
  entries: Readonly<Record<string, Entry<Step>>>,
  { name, ...parameters }: NamedSettings,
  numByzantine: number,
): Step {
  const found = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (found === undefined) {
    throw new FederationError("RULE_UNKNOWN", `no ${kind} ${name}: ${suggestion(name, Object.keys(entries))}`);
  }
  for (const key of Object.keys(parameters)) {
    if (found.parameters.includes(key)) continue;
    throw new FederationError("PLAN_INVALID", `${name} has no parameter ${key}: ${suggestion(key, found.parameters)}`);
  }
  try {
    return found.build(parameters, numByzantine);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new FederationError("PLAN_INVALID", `${name}: ${z.prettifyError(error)}`, { cause: error });
  }
}
