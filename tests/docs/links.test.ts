import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = [
  ...["README.md", "CHANGELOG.md"],
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

const LINK = /\]\(<?([^)\s>]+)/g;
const REFERENCE = /^\[[^\]]+\]:\s+<?([^\s>]+)/gm;
const HEADING = /^#+\s+(.+)$/gm;

const withoutCode = (markdown: string) => markdown.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
const matchesOf = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? "");

/** The anchors GitHub gives a page's headings. */
function anchorsIn(markdown: string): string[] {
  return matchesOf(markdown.replace(/^```[\s\S]*?^```/gm, ""), HEADING).map((heading) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The links of a page that lead nowhere in this repository. */
function broken(page: string, markdown: string): string[] {
  const text = withoutCode(markdown);
  const links = [...matchesOf(text, LINK), ...matchesOf(text, REFERENCE)].filter((link) => !/^[a-z]+:/.test(link));
  return links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? join(ROOT, page) : resolve(join(ROOT, dirname(page)), decodeURIComponent(path));
    if (!existsSync(target)) return true;
    const isPage = target.endsWith(".md") && anchor !== undefined;
    return isPage && !anchorsIn(path === "" ? markdown : readFileSync(target, "utf8")).includes(anchor);
  });
}

describe("every relative link leads somewhere:", () => {
  test.each(PAGES)("%s", (page) => {
    expect(broken(page, readFileSync(join(ROOT, page), "utf8"))).toEqual([]);
  });
});

test("a link that leads nowhere is found, one in code is not a link", () => {
  const page =
    "# A heading: here\n[a](docs/nowhere.md) [b](docs/errors.md#nothing) [c](#a-heading-here) `[d](e)`\n\n[f]: g.md\n";
  expect(broken("README.md", page)).toEqual(["docs/nowhere.md", "docs/errors.md#nothing", "g.md"]);
});
