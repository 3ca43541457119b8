import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parseAttack } from "../../attacks/registry.ts";
import { baselinesOf } from "../scenario/baselines.ts";
import { type Cell, cellIdOf, cellsOf } from "../scenario/cell.ts";
import type { Grid } from "../scenario/scenario.ts";
import { smallGrid } from "../testing.ts";
import { type Drawn, reportPage } from "./page.ts";
import { reportOf } from "./report.ts";
import { brokenRun, runOf } from "./testing.ts";
import { wrapped } from "./wrapped.ts";

const LONG = "Bucketing+ARC+NNM+GeometricMedian(nu: 0.000001)";
const rule = (name: string, label = name) => ({ label, preAggregators: [], rule: { name } });
const ATTACKS = [
  ...["SignFlipping", "LabelFlipping", "ALittleIsEnough:z=auto,from=honest", "InnerProductManipulation:tau=0.1"],
  ...["GaussianNoise:mean=1,stdDev=12.5", "MinMax:perturbation=sign", "Mimic", "FreeRider"],
];
const grid = smallGrid({
  attacks: [null, ...ATTACKS.map(parseAttack)],
  rules: [rule("FedAvg"), rule("TrimmedMean"), rule("Krum"), rule("GeometricMedian", LONG)],
  partitions: [{ name: "iid" }, { name: "dirichlet", alpha: 0.5 }] as Grid["partitions"],
  seeds: [0, 1],
});

function resultOf(cell: Cell) {
  const { attack, defence } = cell;
  if (defence.label === "Krum") {
    const reason = "Krum needs at least 7 updates (n >= 2f + 3, f = 2); it would get 6";
    return { id: cellIdOf(cell), cell, outcome: "infeasible", reason } as const;
  }
  if (attack?.name === "GaussianNoise" && defence.label === "FedAvg") return brokenRun(cell, 0.5);
  const accuracy = attack === null ? 0.9 : defence.label === LONG ? 0.5 : 0.3 + cell.seed / 10;
  return runOf(cell, accuracy, attack?.name === "LabelFlipping" ? 0.25 : null);
}

const cells = cellsOf(grid);
const data = { trainExamples: 300, testExamples: 90, numClasses: 3, filesSha256: null };
const versions = { holdfast: "1.2.3", node: "v20", platform: "linux", backend: "WebAssembly, one thread" };
const source = `name: small\nabout: ${"a long line of a scenario, ".repeat(9)}\n`;
const found = { results: cells.map(resultOf), baselines: baselinesOf(cells).map(resultOf) };
let drawn: Drawn;
beforeAll(async () => {
  drawn = await reportPage(reportOf({ grid, source, versions, data, ...found }), "npx holdfast matrix small.yaml");
}, 60_000);

test("a label is broken behind a plus, a comma, a bracket or a space, and inside where there is none of them", () => {
  expect(wrapped("FedAvg", 22)).toEqual(["FedAvg"]);
  expect(wrapped("ARC+NNM+GeometricMedian", 22)).toEqual(["ARC+NNM+", "GeometricMedian"]);
  expect(wrapped("Krum(neighbours: n-f-1)", 22)).toEqual(["Krum(neighbours:", "n-f-1)"]);
  expect(wrapped("InnerProductManipulation", 10)).toEqual(["InnerProdu", "ctManipula", "tion"]);
});

test("the narrow form of a heat-map has a mark for every cell of the wide one, which says what it stands for", () => {
  const marks = (name: string) => {
    const svg = drawn.drawings.find((it) => it.name === name)?.svg ?? "";
    return [
      ...svg.matchAll(/<path(?: aria-label="([^"]+)")? role="graphics-symbol" aria-roledescription="rect mark"/g),
    ];
  };
  expect(marks("attacks")).toHaveLength(2 * 9 * 4);
  for (const panel of ["iid-f-2", "dirichlet-0.5-f-2"]) {
    const told = marks(`attacks-${panel}-narrow`).map(([, label]) => label);
    expect(told).toHaveLength(9 * 4);
    expect(told).toEqual(expect.arrayContaining(["TrimmedMean, SignFlipping: 35.0", `${LONG}, none: 90.0`]));
    expect(told).toEqual(
      expect.arrayContaining(["Krum, Mimic: –", "FedAvg, GaussianNoise(mean 1, stdDev 12.5): broke"]),
    );
  }
});

test("every cell of a table has the words of its column, for where there is no room for a head", () => {
  const { html } = drawn;
  const labelled = html.match(/<td data-label="[^"]+"/g) ?? [];
  expect(labelled.length).toBeGreaterThan(500);
  expect(html.match(/<td/g)).toHaveLength(labelled.length);
  expect(html).toMatch(/<td data-label="no-attack cost">-?\d/);
});

const chromium = ["chromium", "chromium-browser", "google-chrome"].find(
  (it) => spawnSync(it, ["--version"]).status === 0,
);

interface Seen {
  /** Elements beyond the right or the left end of the window. */
  readonly beyond: readonly string[];
  /** Boxes that can be scrolled sideways. */
  readonly scrolling: readonly string[];
  /** Of all letters in charts that are shown, in CSS pixels. */
  readonly leastLetters: number;
  /** Letters of labels that lie on the mark beside them. */
  readonly onMarks: readonly string[];
  /** Of what is written on marks, how many there are and the least contrast with the mark, as WCAG counts it. */
  readonly written: number;
  readonly leastContrast: number;
  readonly charts: readonly string[];
  readonly chartTexts: readonly string[];
  readonly tableHeads: number;
  /** Rows of tables, and those of them that have cells side by side. */
  readonly rows: number;
  readonly rowsSideBySide: number;
  readonly paper: string;
  readonly log: string;
}

/** Runs in the window around the page, all of whose folded parts it opens. */
const LOOK = `
const page = document.querySelector("iframe").contentDocument;
for (const it of page.querySelectorAll("details")) it.open = true;
const width = page.documentElement.clientWidth;
const shown = [...page.body.querySelectorAll("*")].filter((it) => it.checkVisibility());
const box = (it) => it.getBoundingClientRect();
const name = (it) => it.tagName + " " + it.textContent.trim().slice(0, 40);
const of = (tag) => shown.filter((it) => it.tagName.toLowerCase() === tag);
const scaleOf = (svg) => box(svg).width / svg.viewBox.baseVal.width;
const texts = of("text").filter((it) => it.textContent !== "");
const letters = texts.map((it) => parseFloat(getComputedStyle(it).fontSize) * scaleOf(it.ownerSVGElement));
const channel = (it) => (it /= 255) <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4;
const light = (it) => {
  const [r, g, b] = getComputedStyle(it).fill.match(/[0-9.]+/g).map((value) => channel(Number(value)));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
};
const onMarks = [];
const contrasts = [];
for (const svg of of("svg").filter((it) => /^Heat-map/.test(it.ariaLabel))) {
  const marks = [...svg.querySelectorAll("[aria-roledescription='rect mark']")].map((mark) => ({ mark, ...box(mark).toJSON() }));
  for (const text of svg.querySelectorAll("text")) {
    const { left, right, top, bottom } = box(text);
    const beside = marks.filter((it) => top < it.bottom && bottom > it.top);
    if (beside.some((it) => left < it.left && right > it.left - 2) && text.closest(".narrow")) onMarks.push(text);
    const [under] = beside.filter((it) => left >= it.left && right <= it.right && top > it.top - 2 && bottom < it.bottom + 2);
    if (under === undefined) continue;
    const [a, b] = [light(text), light(under.mark)];
    contrasts.push(Math.max(a, b) / Math.min(a, b));
  }
}
const rows = of("tr").filter((it) => it.querySelector("td") !== null);
const isSideBySide = (row) => box(row.cells[0]).bottom > box(row.cells[1]).top + 1;
const seen = {
  beyond: shown.filter((it) => box(it).right > width + 0.5 || box(it).left < -0.5).map(name),
  scrolling: shown.filter((it) => getComputedStyle(it).overflowX === "auto" && it.scrollWidth > it.clientWidth).map(name),
  leastLetters: Math.min(...letters),
  onMarks: onMarks.map(name),
  written: contrasts.length,
  leastContrast: Math.min(...contrasts),
  charts: of("svg").map((it) => it.ariaLabel),
  chartTexts: texts.map((it) => it.textContent),
  tableHeads: of("th").length,
  rows: rows.length,
  rowsSideBySide: rows.filter(isSideBySide).length,
  paper: getComputedStyle(page.body).backgroundColor,
};
const told = document.createElement("pre");
told.textContent = "SEEN" + JSON.stringify(seen) + "SEEN";
document.body.append(told);
`;

/** The page in a window of this width: a frame, since a browser has no window as narrow as a phone. */
async function look(width: number, theme: "light" | "dark"): Promise<Seen> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-page-"));
  const frame = `<iframe width="${width}" height="844" srcdoc="${drawn.html.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"></iframe>`;
  const script = `<script>addEventListener("load", () => {${LOOK}})</script>`;
  await writeFile(join(folder, "look.html"), `<!doctype html>${frame}${script}`);
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"];
  const settings = [`--window-size=1400,900`, `--blink-settings=preferredColorScheme=${theme === "dark" ? 0 : 1}`];
  const options = { encoding: "utf8", maxBuffer: 1 << 28 } as const;
  const { stdout, stderr } = spawnSync(
    chromium as string,
    [...flags, ...settings, `file://${join(folder, "look.html")}`],
    options,
  );
  await rm(folder, { recursive: true });
  const found = stdout.split("<pre>SEEN")[1]?.split("SEEN</pre>")[0] ?? "{}";
  const seen = JSON.parse(found.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
  return { ...seen, log: stderr };
}

describe.skipIf(chromium === undefined)("in headless Chromium", { timeout: 120_000 }, () => {
  test("on a phone nothing is wider than the window or scrolls sideways, and letters can be read", async () => {
    const seen = await look(390, "light");
    expect(seen.log).not.toContain("CONSOLE");
    expect(seen.beyond).toEqual([]);
    expect(seen.scrolling).toEqual([]);
    expect(seen.leastLetters).toBeGreaterThanOrEqual(11);
    expect(seen.onMarks).toEqual([]);
    // worst cases, every attack, and the one attack that aims at something
    expect(seen.written).toBe(2 * 4 + 2 * 9 * 4 + 2 * 4);
    expect(seen.leastContrast).toBeGreaterThanOrEqual(4.5);
    expect(seen.tableHeads).toBe(0);
    expect(seen.rows).toBeGreaterThan(300);
    expect(seen.rowsSideBySide).toBe(0);
    const map = "Heat-map of accuracy by rule and attack";
    expect(seen.charts).toEqual(expect.arrayContaining([`${map}, iid, f = 2`, `${map}, Dirichlet 0.5, f = 2`]));
    expect(seen.charts).not.toContain(map);
    const labels = ["SignFlipping", "Mimic", "MinMax(perturbation sign)", "TrimmedMean", "Bucketing+ARC+NNM+"];
    expect(seen.chartTexts).toEqual(expect.arrayContaining([...labels, "35.0", "broke", "–"]));
    expect(seen.paper).toBe("rgb(255, 255, 255)");
  });

  test("on a desk the wide form is shown, in the dark where the reader likes that", async () => {
    const seen = await look(1280, "dark");
    expect(seen.log).not.toContain("CONSOLE");
    expect(seen.beyond.filter((it) => !/^(svg|g|path|text|TH|TD|TR|TABLE|TBODY|THEAD)\b/.test(it))).toEqual([]);
    expect(seen.leastLetters).toBeGreaterThanOrEqual(11);
    expect(seen.written).toBe(2 * 4 + 2 * 9 * 4 + 2 * 4);
    expect(seen.leastContrast).toBeGreaterThanOrEqual(4.5);
    expect(seen.charts).toContain("Heat-map of accuracy by rule and attack");
    expect(seen.charts).not.toContain("Heat-map of accuracy by rule and attack, iid, f = 2");
    expect(seen.tableHeads).toBeGreaterThan(20);
    expect(seen.rowsSideBySide).toBe(seen.rows);
    expect(seen.paper).toBe("rgb(17, 20, 24)");
  });
});
