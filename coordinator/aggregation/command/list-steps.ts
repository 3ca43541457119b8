import { type Listed, registryListing } from "../registry.ts";

/** Every rule and pre-aggregator with its parameters, for people or as JSON. */
export function* listSteps(asJson: boolean): Generator<string> {
  const steps = registryListing();
  if (asJson) {
    yield JSON.stringify(steps, null, 2);
    return;
  }
  for (const kind of ["rule", "pre-aggregator"] as const) {
    yield `${kind}s`;
    for (const step of steps.filter((it) => it.kind === kind)) yield* lines(step);
    yield "";
  }
}

function* lines({ name, summary, requires, parameters }: Listed): Generator<string> {
  yield `  ${name}: ${summary} Needs ${requires}.`;
  for (const parameter of parameters) {
    const byDefault = parameter.default === undefined ? "required" : `default ${parameter.default}`;
    yield `      ${parameter.name} (${byDefault}): ${parameter.meaning}`;
  }
}
