import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const PAGE = readFileSync("docs/lab.md", "utf8");
const FOLDER = "simulations/scenarios";
const files = readdirSync(FOLDER).filter((it) => it.endsWith(".yaml") && !it.endsWith(".columns.yaml"));

const sections = new Map(
  [...PAGE.matchAll(/^### (\S+\.yaml)\n(.*?)(?=^##|$(?![\s\S]))/gms)].map(([, file = "", text = ""]) => [file, text]),
);

test("docs/lab.md has a section for every scenario, and for no other", () => {
  expect([...sections.keys()].sort()).toEqual(files.sort());
});

describe.each(files)("%s", (file) => {
  const text = sections.get(file) ?? "";

  test("says how to run it, and about how long that takes", () => {
    const command = "attacks" in parse(readFileSync(`${FOLDER}/${file}`, "utf8")) ? "matrix" : "simulate";
    expect(text).toContain(`\`npx holdfast ${command} ${FOLDER}/${file}\``);
    expect(text.split("\n\n")[0]).toMatch(/hour|minute|second|as long as/);
  });

  test("says what is in it, how to read it, what was published and what not to conclude", () => {
    for (const title of ["What is in it", "How to read it", "What not to conclude"]) {
      expect(text).toMatch(new RegExp(`^\\*\\*${title}\\.\\*\\* \\S`, "m"));
    }
    expect(text).toMatch(/[Pp]ublished/);
  });
});
