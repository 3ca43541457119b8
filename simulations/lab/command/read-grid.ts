import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { FederationError } from "../../../core/errors.ts";
import { parseYaml } from "../../../core/yaml-file.ts";
import { asGrid, type Grid, gridSchema, scenarioSchema } from "../scenario/scenario.ts";

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
