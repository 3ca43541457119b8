import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { registryListing } from "../../coordinator/aggregation/registry.ts";
import { withCatalogue } from "./aggregators-page.ts";

const PAGE = fileURLToPath(new URL("../../docs/aggregators.md", import.meta.url));

/** Written by `npm run docs:aggregators`. */
test("docs/aggregators.md lists the registry as it is", async () => {
  await expect(withCatalogue(readFileSync(PAGE, "utf8"), registryListing())).toMatchFileSnapshot(PAGE);
});

describe.each(registryListing())("$name", (listed) => {
  test("says what it is, what it needs, what is proven, what it does not do and where it is from", () => {
    const { summary, definition, requires, bound, limits, source } = listed;
    for (const text of [summary, definition, requires, bound, limits, source]) expect(text).not.toBe("");
    for (const text of [summary, definition, bound, limits]) expect(text).toMatch(/\.$/);
  });

  test("says what each parameter means", () => {
    for (const { meaning } of listed.parameters) expect(meaning).not.toBe("");
  });
});
