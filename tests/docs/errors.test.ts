import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERROR_CATALOG } from "../../core/errors.ts";

const ROW = /^\| `([A-Z_]+)` \| ([A-Z_]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/;

test("docs/errors.md lists exactly the catalogue's codes, statuses and public texts, each with a cause and a remedy", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = page.split("\n").flatMap((line) => [ROW.exec(line) ?? []].filter((row) => row.length > 0));
  const documented = Object.fromEntries(rows.map(([, code, status, told]) => [code, { status, told: told?.trim() }]));
  expect(documented).toEqual(ERROR_CATALOG);
  expect(rows.every((row) => row[4]?.trim() && row[5]?.trim())).toBe(true);
});
