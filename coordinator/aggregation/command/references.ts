import { FederationError } from "../../../core/errors.ts";
import { suggestion } from "../../../core/nearest-name.ts";
import type { RowSource } from "../engine/engine.ts";
import { needsOf } from "../pipeline.ts";
import type { ReferenceName, Rule } from "../rule.ts";
import { openRow, sourceOf } from "./updates.ts";

/**
 * What a rule reads beside the updates, typed as `name=FILE`. Without one, the previous aggregate is the zero vector, as
 * before the first round.
 * @throws CONFIG_INVALID for a reference that the rule does not read, or that it cannot do without; SCHEMA_MISMATCH
 */
export async function readReferences(
  typed: readonly string[],
  rule: Rule,
  numCoordinates: number,
): Promise<ReadonlyMap<ReferenceName, RowSource>> {
  const needed = needsOf(rule).references ?? [];
  const files = new Map(typed.map((text) => parse(text, rule, needed)));
  const references = new Map<ReferenceName, RowSource>();
  for (const name of needed) {
    const path = files.get(name);
    if (path !== undefined) references.set(name, await read(path, numCoordinates));
    else if (name === "previousAggregate") references.set(name, { kind: "zero" });
    else throw new FederationError("CONFIG_INVALID", `${rule.name} needs --reference ${name}=FILE`);
  }
  return references;
}

function parse(text: string, rule: Rule, needed: readonly ReferenceName[]): [ReferenceName, string] {
  const [, typed = "", path] = /^([^=]*)=(.+)$/.exec(text) ?? [];
  const name = needed.find((it) => it === typed);
  if (path === undefined) throw new FederationError("CONFIG_INVALID", `--reference ${text}: name=FILE is needed`);
  if (name !== undefined) return [name, path];
  throw new FederationError("CONFIG_INVALID", `${rule.name} reads no reference ${typed}: ${suggestion(typed, needed)}`);
}

async function read(path: string, numCoordinates: number): Promise<RowSource> {
  const file = await openRow(path);
  if (file.numColumns === numCoordinates) return sourceOf(file, 0);
  throw new FederationError(
    "SCHEMA_MISMATCH",
    `${path} has ${file.numColumns} values, the updates have ${numCoordinates}`,
  );
}
