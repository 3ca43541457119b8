import type { Listed } from "../../coordinator/aggregation/registry.ts";

const START = "<!-- catalogue -->";
const END = "<!-- /catalogue -->";

/** The page with its catalogue written anew. @throws Error if it has no place for one */
export function withCatalogue(page: string, listing: readonly Listed[]): string {
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`the page has no ${START} ... ${END}`);
  return `${before}${START}\n\n${catalogue(listing)}\n\n${END}${after}`;
}

function catalogue(listing: readonly Listed[]): string {
  const [rules, preAggregators] = (["rule", "pre-aggregator"] as const).map((kind) =>
    listing.filter((it) => it.kind === kind),
  );
  return [
    ...["## Rules", overview(rules ?? []), ...(rules ?? []).map(section)],
    ...["## Pre-aggregators", overview(preAggregators ?? []), ...(preAggregators ?? []).map(section)],
  ].join("\n\n");
}

function overview(steps: readonly Listed[]): string {
  return table(
    ["name", "in one line", "needs"],
    steps.map(({ name, summary, requires }) => [`[${name}](#${name.toLowerCase()})`, summary, code(requires)]),
  );
}

function section(step: Listed): string {
  const facts = [
    ["Definition", step.definition],
    ["Needs", `${code(step.requires)}.${reads(step)}`],
    ["Proven", step.bound],
    ...(step.kind === "rule" ? [["Sensitivity", sensitivity(step)]] : []),
    ...(step.weighted ? [["Weights", "Capped example counts reach it (`weights: numExamples`)."]] : []),
    ["Limits", step.limits],
    ["Source", step.source],
  ];
  return [
    `### ${step.name}`,
    step.summary,
    facts.map(([title, text]) => `- **${title}.** ${text}`).join("\n"),
    ...(step.parameters.length > 0 ? [parameters(step)] : []),
  ].join("\n\n");
}

/** What is measured for it, where that is more than distances. */
function reads({ needs }: Listed): string {
  const more = [
    needs.innerProducts ? "inner products of all pairs" : "",
    ...(needs.references ?? []).map((name) => REFERENCES[name]),
    needs.signCounts ? "the signs of each update" : "",
    needs.samples ? "sampled coordinates" : "",
    needs.memory ? "what it remembers of the clients' earlier rounds" : "",
  ].filter((it) => it !== "");
  return more.length === 0 ? "" : ` It reads ${more.join(", ")}.`;
}

const REFERENCES = {
  previousAggregate: "the released delta of the round before",
  rootUpdate: "the delta of the server's own root set",
} as const;

function sensitivity({ sensitivity: formula, carriesCentralNoise }: Listed): string {
  if (formula === undefined) return "Not bounded by the clip norm; no central noise is scaled to it.";
  const noise = carriesCentralNoise ? "central noise may be scaled to it" : "no central noise is scaled to it";
  return `${code(formula)} when one row is replaced; ${noise} ([privacy.md](privacy.md)).`;
}

function parameters(step: Listed): string {
  return table(
    ["parameter", "default", "meaning"],
    step.parameters.map(({ name, default: value, meaning }) => [
      code(name),
      value === undefined ? "none: the plan says it" : code(String(value)),
      meaning,
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
