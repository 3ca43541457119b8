import { FederationError } from "../../core/errors.ts";
import { suggestion } from "../../core/nearest-name.ts";
import type { Random } from "../../core/random/random.ts";
import { dirichlet } from "./dirichlet.ts";
import { iid } from "./iid.ts";
import type { Partition } from "./partition.ts";

/** How a data set is shared out. */
export type PartitionSettings = { readonly name: "iid" } | { readonly name: "dirichlet"; readonly alpha: number };

const PARTITION_NAMES = ["iid", "dirichlet"];
const DEFAULT_ALPHA = 0.5;

/**
 * Reads `iid`, `dirichlet` or `dirichlet:ALPHA`.
 *
 * @throws CONFIG_INVALID naming what is wrong and what was probably meant
 */
export function parsePartition(text: string): PartitionSettings {
  const [name = "", parameter] = text.split(":", 2);
  const invalid = (reason: string) => new FederationError("CONFIG_INVALID", `partition "${text}": ${reason}`);
  if (!PARTITION_NAMES.includes(name)) {
    throw new FederationError("CONFIG_INVALID", `unknown partition "${name}": ${suggestion(name, PARTITION_NAMES)}`);
  }
  if (name === "iid") {
    if (parameter !== undefined) throw invalid("iid takes no parameter");
    return { name };
  }
  const alpha = parameter === undefined ? DEFAULT_ALPHA : Number(parameter);
  if (!(alpha >= 0.01 && alpha <= 1000)) throw invalid("alpha is a number from 0.01 to 1000, as in dirichlet:0.5");
  return { name: "dirichlet", alpha };
}

/** @param minimum examples that every client holds at least */
export function partitionOf(
  settings: PartitionSettings,
  labels: Uint8Array,
  { numClients, minimum }: { readonly numClients: number; readonly minimum: number },
  random: Random,
): Partition {
  return settings.name === "iid"
    ? iid(labels.length, numClients, random)
    : dirichlet(labels, { numClients, alpha: settings.alpha, minimum }, random);
}

export function partitionText(settings: PartitionSettings): string {
  return settings.name === "iid" ? "iid" : `Dirichlet ${settings.alpha}`;
}
