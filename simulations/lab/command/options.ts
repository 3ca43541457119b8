import { availableParallelism } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { FederationError } from "../../../core/errors.ts";
import { suggestion } from "../../../core/nearest-name.ts";
import { TRANSPORTS, type TransportName } from "../federation/wire.ts";

/** What was typed, before anything is checked. */
export interface TypedLabOptions {
  readonly out?: string;
  readonly json?: string;
  readonly csv?: string;
  readonly png?: boolean;
  readonly font?: string;
  readonly threads?: string;
  readonly yes?: boolean;
  readonly fresh?: boolean;
  readonly transport?: string;
}

export interface LabOptions {
  /** Undefined: a folder named after the scenario. */
  readonly out: string | undefined;
  readonly json: string | undefined;
  readonly csv: string | undefined;
  readonly png: boolean;
  readonly font: string | undefined;
  readonly numThreads: number;
  readonly yes: boolean;
  /** Whether finished cells of an earlier run are run again. */
  readonly fresh: boolean;
  readonly transport: TransportName;
}

const MOST_THREADS = 64;

/** @throws CONFIG_INVALID naming the option */
export function labOptions(typed: TypedLabOptions, cwd: string): LabOptions {
  const path = (text: string | undefined) =>
    text === undefined ? undefined : isAbsolute(text) ? text : resolve(cwd, text);
  const [json, csv] = [path(typed.json), path(typed.csv)];
  if (json !== undefined && json === csv) throw new FederationError("CONFIG_INVALID", "--json and --csv are one file");
  return {
    out: path(typed.out),
    json,
    csv,
    png: typed.png ?? false,
    font: path(typed.font),
    numThreads: typed.threads === undefined ? availableParallelism() : threads(typed.threads),
    yes: typed.yes ?? false,
    fresh: typed.fresh ?? false,
    transport: transportOf(typed.transport ?? "memory"),
  };
}

/** @throws CONFIG_INVALID */
export function transportOf(text: string): TransportName {
  const found = TRANSPORTS.find((it) => it === text);
  if (found !== undefined) return found;
  throw new FederationError("CONFIG_INVALID", `unknown transport "${text}": ${suggestion(text, TRANSPORTS)}`);
}

function threads(text: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= MOST_THREADS) return value;
  throw new FederationError(
    "CONFIG_INVALID",
    `--threads takes a whole number from 1 to ${MOST_THREADS}, not "${text}"`,
  );
}
