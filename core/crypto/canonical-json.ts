/**
 * RFC 8785 canonical JSON of plain data: null, booleans, finite numbers, well-formed strings, arrays and plain
 * objects of them. ECMAScript's own number and string forms are the RFC's (section 3.2.2), and its default sort is
 * the RFC's order by UTF-16 code units (section 3.2.3).
 * @throws TypeError for what JSON.stringify would drop or bend in silence (undefined, NaN, bigint, dates, lone
 * surrogates ...): the digest would stand for something else than the value
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "string" && isWellFormed(value)) return JSON.stringify(value);
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(",")}]`;
  if (isPlainObject(value)) {
    let members = "";
    for (const key of Object.keys(value).sort()) {
      members += `${members === "" ? "" : ","}${canonicalJson(key)}:${canonicalJson(value[key])}`;
    }
    return `{${members}}`;
  }
  throw new TypeError(`no canonical JSON for ${typeof value} ${String(value)}`);
}

/** Most strings have no surrogate at all, which takes a fraction of the time to see. */
function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text) || !/\p{Surrogate}/u.test(text);
}

/** The UTF-8 bytes of `canonicalJson`: what is hashed and signed. */
export function canonicalBytes(value: unknown): Uint8Array {
  return Buffer.from(canonicalJson(value), "utf8");
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What the bytes say as JSON; undefined where they are none, for a schema to refuse. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}
