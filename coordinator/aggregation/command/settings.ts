import { FederationError } from "../../../core/errors.ts";
import { suggestion } from "../../../core/nearest-name.ts";
import type { NamedSettings } from "../../../core/plan.ts";
import { registryListing } from "../registry.ts";

/** Steps as they are typed: names, and parameters as `key=value` or `Name.key=value`. */
export interface TypedSteps {
  readonly rule: string;
  readonly pre: readonly string[];
  readonly param: readonly string[];
}

export interface Steps {
  readonly rule: NamedSettings;
  readonly preAggregators: NamedSettings[];
}

/**
 * The steps as a plan would write them. `Name.key=value` is for the step of that name; `key=value` is for the rule, or,
 * where the rule has no such parameter, for the pre-aggregator that does.
 * @throws CONFIG_INVALID
 */
export function settingsOf({ rule, pre, param }: TypedSteps): Steps {
  const settings = new Map([rule, ...pre].map((name) => [name, {} as Record<string, string | number | boolean>]));
  for (const text of param) {
    const { step, key, value } = parse(text);
    const name = step ?? stepWith(key, rule, pre);
    const found = settings.get(name);
    if (found === undefined) {
      throw new FederationError(
        "CONFIG_INVALID",
        `--param ${text}: no step ${name}: ${suggestion(name, [...settings.keys()])}`,
      );
    }
    if (Object.hasOwn(found, key)) throw new FederationError("CONFIG_INVALID", `--param ${text}: ${key} is set twice`);
    found[key] = value;
  }
  const withName = (name: string) => ({ ...settings.get(name), name });
  return { rule: withName(rule), preAggregators: pre.map(withName) };
}

function parse(text: string) {
  const [, step, key, value] = /^(?:([^.=]*)\.)?([A-Za-z]\w*)=(.+)$/.exec(text) ?? [];
  if (key === undefined || value === undefined || key === "name") {
    throw new FederationError("CONFIG_INVALID", `--param ${text}: key=value or Name.key=value is needed`);
  }
  return { step, key, value: settingOf(value) };
}

function settingOf(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || !Number.isFinite(number) ? text : number;
}

function stepWith(key: string, rule: string, pre: readonly string[]): string {
  const withKey = (kind: "rule" | "pre-aggregator") =>
    registryListing()
      .filter((step) => step.kind === kind && step.parameters.some((parameter) => parameter.name === key))
      .map((step) => step.name);
  if (withKey("rule").includes(rule)) return rule;
  const [only, ...others] = new Set(withKey("pre-aggregator").filter((name) => pre.includes(name)));
  return only === undefined || others.length > 0 ? rule : only;
}
