import { z } from "zod";

/** What a reader of the catalogue is told about a step. Plain text; f = numByzantine, n = rows that reach the step. */
export interface About {
  /** One line, for lists. */
  readonly summary: string;
  /** The formula, or the algorithm in a sentence or two. */
  readonly definition: string;
  /** What `feasible` asks, in n and f: a comparison, then, behind a comma, whatever a parameter changes about it. */
  readonly requires: string;
  /** What is proven about its output, and by whom; or that nothing is. */
  readonly bound: string;
  /** The formula behind `sensitivity(n, C)`. */
  readonly sensitivity?: string;
  /** What it does not do. */
  readonly limits: string;
  /** Paper and section. */
  readonly source: string;
}

export type Settings = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  /** Undefined where a plan has to say it. */
  readonly default: string | number | boolean | undefined;
  readonly meaning: string;
}

/** Builds one kind of step from a plan's settings. */
export interface Entry<Step> extends About {
  readonly parameters: readonly Parameter[];
  /** Values for the parameters that have no default, of a plausible size: for lists and tests, never for a plan. */
  readonly example: Settings;
  /** @throws z.ZodError where a setting is missing or out of range */
  build(settings: Settings, numByzantine: number): Step;
}

/** An entry whose parameters are the keys of `shape`, each with its meaning as the schema's description. */
export function entry<Shape extends z.ZodRawShape, Step>(
  about: About,
  shape: Shape,
  build: (parameters: z.output<z.ZodObject<Shape>> & { numByzantine: number }) => Step,
  example: Settings = {},
): Entry<Step> {
  const schema = z.object(shape);
  return {
    ...about,
    parameters: Object.entries(shape).map(([name, parameter]) => parameterOf(name, parameter as z.ZodType)),
    example,
    build: (settings, numByzantine) => build({ ...schema.parse(settings), numByzantine }),
  };
}

function parameterOf(name: string, schema: z.ZodType): Parameter {
  const absent = schema.safeParse(undefined);
  return {
    name,
    default: absent.success ? (absent.data as Parameter["default"]) : undefined,
    meaning: schema.description ?? "",
  };
}
