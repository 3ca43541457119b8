import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { FederationError } from "../../../core/errors.ts";
import { readLayersModel } from "../../../core/model/layers-model.ts";
import { openNetwork } from "../../../core/model/network.ts";
import { isBuiltin, planFileSchema } from "../../../core/plan.ts";
import { parseYaml } from "../../../core/yaml-file.ts";
import { attackOf } from "../../attacks/registry.ts";
import { type DataShape, modelShape } from "../job/lab-plan.ts";
import { asGrid, type Grid, gridSchema, numbersOf, scenarioSchema } from "../scenario/scenario.ts";
import { attackSettingOf } from "../scenario/setting.ts";
import { complaining } from "../scenario/short-or-full.ts";

export type Kind = "scenario" | "grid";

export interface ReadGrid {
  readonly grid: Grid;
  /** As it was written. */
  readonly source: string;
  /** Paths in it are relative to this folder. */
  readonly baseFolder: string;
}

/** @throws FILE_MISSING; CONFIG_INVALID naming file, line and field */
export async function readGrid(path: string, kind: Kind, cwd: string): Promise<ReadGrid> {
  const absolute = resolve(cwd, path);
  const source = await readFile(absolute, "utf8").catch((cause: unknown) => {
    throw new FederationError("FILE_MISSING", `cannot read the ${kind} ${path}`, { cause });
  });
  return { grid: parseGrid(source, kind, path), source, baseFolder: dirname(absolute) };
}

export function parseGrid(source: string, kind: Kind, path: string): Grid {
  try {
    return READERS[kind](source, path);
  } catch (error) {
    const { other, hint } = OTHERS[kind];
    if (reads(READERS[other], source)) throw new FederationError("CONFIG_INVALID", `${path} is ${hint}`);
    throw error;
  }
}

/**
 * Refuses what the data contradict: a model of another shape, and classes that they do not have. Refuses an attack as well
 * that even the fewest attackers of the grid could not carry out, since then all of its cells are infeasible.
 * @param path of the file, for people
 * @throws CONFIG_INVALID naming file, line and field; FILE_MISSING, MODEL_FILE_INVALID of a model's layers
 */
export async function checkAgainstData(
  { grid, source, baseFolder }: ReadGrid,
  kind: Kind,
  path: string,
  data: DataShape,
): Promise<void> {
  const { attacks, attackersHold, model } = grid;
  const misfit = isBuiltin(model) ? builtinMisfit(model, data) : await layersMisfit(model, baseFolder, data);
  const { numClasses } = data;
  const setting = attackSettingOf(fewestAttackers(grid), numClasses);
  const schema = z.looseObject({ model: modelFor(data, misfit).optional() }).superRefine((_, context) => {
    for (const [i, attack] of attacks.entries()) {
      const field = kind === "grid" ? ["attacks", i] : ["attack"];
      if (attack !== null) complaining(context, field, () => attackOf(attack, setting));
    }
    if (typeof attackersHold !== "object" || attackersHold.label < numClasses) return;
    const message = `${attackersHold.label}: there are ${numClasses} classes, from 0`;
    context.addIssue({ code: "custom", path: ["attackersHold", "label"], message });
  });
  parseYaml(source, schema, path, "CONFIG_INVALID");
}

function fewestAttackers({ clients: written, numByzantine, attackers: numbers, cohort }: Grid) {
  const attackers = Math.min(...numbersOf(numbers).flatMap((number) => number ?? numByzantine));
  return { clients: typeof written === "number" ? written : written.honest + attackers, attackers, cohort };
}

/** A model as it is written: of the shape that the data have, where it says one, and nothing that does not fit them. */
function modelFor(data: DataShape, misfit: string | undefined) {
  const only = (size: number) => z.literal(size, `the data have ${size}`).optional();
  const { inputs, classes } = modelShape(data);
  const written = z.union([z.string(), z.looseObject({ inputs: only(inputs), classes: only(classes) })]);
  return written.refine(() => misfit === undefined, { error: misfit ?? "" });
}

/** A built-in model is given the shape of the data, which not every one of them can take. */
function builtinMisfit(model: Grid["model"], data: DataShape): string | undefined {
  const { error } = planFileSchema.shape.model.safeParse({ ...model, ...modelShape(data) });
  if (error === undefined) return undefined;
  const told = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ");
  return `does not fit the data, of shape ${data.inputShape.join(" x ")}: ${told}`;
}

async function layersMisfit(
  model: Extract<Grid["model"], { layers: string }>,
  baseFolder: string,
  data: DataShape,
): Promise<string | undefined> {
  const { topology } = await readLayersModel(resolve(baseFolder, model.layers));
  const network = await openNetwork(model, topology);
  const { inputSize, numClasses } = network;
  network.dispose();
  const { inputs, classes } = modelShape(data);
  if (inputSize === inputs && numClasses === classes) return undefined;
  return `its layers take ${inputSize} values to ${numClasses} classes, and the data have ${inputs} and ${classes}`;
}

/** Of a source whose kind nobody remembers. @throws CONFIG_INVALID where it is neither */
export function gridOf(source: string, path: string): Grid {
  return parseGrid(source, reads(READERS.grid, source) ? "grid" : "scenario", path);
}

const READERS: Readonly<Record<Kind, (source: string, path: string) => Grid>> = {
  scenario: (source, path) => asGrid(parseYaml(source, scenarioSchema, path, "CONFIG_INVALID")),
  grid: (source, path) => parseYaml(source, gridSchema, path, "CONFIG_INVALID"),
};

const OTHERS = {
  scenario: { other: "grid", hint: "a grid, of lists: run it with holdfast matrix" },
  grid: { other: "scenario", hint: "a scenario, of one attack and one rule: run it with holdfast simulate" },
} as const;

function reads(reader: (source: string, path: string) => Grid, source: string): boolean {
  try {
    return reader(source, "") !== undefined;
  } catch {
    return false;
  }
}
