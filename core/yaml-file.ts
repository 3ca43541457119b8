import { isMap, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { type ErrorCode, FederationError } from "./errors.ts";

const MAX_YAML_BYTES = 1 << 20;

type Issue = z.core.$ZodIssue;

/**
 * Parses YAML and validates it. Every error names the source, the line and the field.
 * @throws FederationError with the given code.
 */
export function parseYaml<T>(text: string, schema: z.ZodType<T>, source: string, code: ErrorCode): T {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES)
    throw new FederationError(code, `${source}: larger than ${MAX_YAML_BYTES} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "error", prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new FederationError(code, `${source}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`);
  }

  const result = schema.safeParse(toValue(document, source, code));
  if (result.success) return result.data;
  const lineOf = (path: readonly PropertyKey[]) => lines.linePos(offsetOf(document.contents, path)).line;
  const complaints = result.error.issues.flatMap(innermost).flatMap((issue) => describe(issue, lineOf));
  throw new FederationError(code, complaints.map((it) => `${source}:${it}`).join("\n"));
}

function toValue(document: ReturnType<typeof parseDocument>, source: string, code: ErrorCode): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new FederationError(code, `${source}: ${cause instanceof Error ? cause.message : "unusable aliases"}`, {
      cause,
    });
  }
}

/** A union fails once per branch; what helps is the branch that came furthest. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const branches = issue.errors.map((branch) => branch.flatMap(innermost));
  const nearest = branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best));
  return nearest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

const depth = (branch: readonly Issue[]) =>
  Math.max(0, ...branch.map((it) => it.path.length)) - (branch.some((it) => it.code === "unrecognized_keys") ? 1 : 0);

function describe(issue: Issue, lineOf: (path: readonly PropertyKey[]) => number): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${lineOf([...issue.path, key])}: ${[...issue.path, key].join(".")}: unknown key`);
  }
  return [`${lineOf(issue.path)}: ${issue.path.join(".") || "the document"}: ${issue.message}`];
}

/** Where the field of that path starts; where it is missing, its nearest ancestor. */
function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((it) => String(it.key) === String(part));
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value;
    } else {
      node = (node as { items?: unknown[] } | undefined)?.items?.[Number(part)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    }
    if (node === undefined) break;
  }
  return offset;
}
