import { describe, expect, test } from "vitest";
import type { DemoResult } from "../result.ts";
import { accuracySvg, NARROW, WIDE } from "./chart-svg.ts";
import { reportPage } from "./page.ts";

const runOf = (rule: string, accuracies: readonly (number | null)[]) => ({
  rule,
  finalAccuracy: accuracies.findLast((it) => it !== null) ?? null,
  seconds: 12.3,
  rounds: accuracies.map((accuracy, i) => ({ round: i + 1, accuracy, admitted: 10, refused: 1, epsilon: null })),
});
const RUNS = [runOf("FedAvg", [0.5, 0.3, 0.1]), runOf("NNM+TrimmedMean", [0.6, null, 0.92])];
const RESULT: DemoResult = { dataset: "MNIST", clients: 10, attackers: 3, attack: "SignFlipping", seed: 4, runs: RUNS };
const DETAILS = { settings: [["seed", "4"]] as const, command: "npx holdfast demo --seed 4" };

describe("the chart", () => {
  test("has for each rule a line, a mark of its own at each known point, and its name at the line's end", () => {
    const svg = accuracySvg(RUNS, WIDE);
    expect(svg.match(/class="line s\d"/g)).toEqual(['class="line s0"', 'class="line s1"']);
    expect(svg.match(/<title>/g)).toHaveLength(5);
    expect(svg).toContain("<title>NNM+TrimmedMean, round 3: 0.920</title>");
    expect(svg).toMatch(/class="end s0"[^>]*>FedAvg</);
    const shapes = [...svg.matchAll(/<g class="marks s\d"><path d="([^"]+)"/g)].map(([, shape]) => shape);
    expect(new Set(shapes).size).toBe(2);
    expect(svg).toMatch(/s1" d="[^"]+" stroke-dasharray="7 4"/);
  });

  test("higher accuracy is higher on the page, later rounds further right", () => {
    const path = /class="line s0" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)L/.exec(accuracySvg(RUNS, NARROW)) ?? [];
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = path.slice(1).map(Number);
    expect(x2).toBeGreaterThan(x1);
    expect(y2).toBeGreaterThan(y1);
  });

  test("names of lines that end together do not cover one another, nor leave the drawing", () => {
    const runs = ["A", "B", "C", "D", "E"].map((rule) => runOf(rule, [0.5, 0.02]));
    const heights = [...accuracySvg(runs, WIDE).matchAll(/class="end s\d" x="\d+" y="([\d.]+)"/g)].map(([, y]) =>
      Number(y),
    );
    heights.sort((a, b) => a - b);
    expect(heights).toHaveLength(5);
    for (const [i, y] of heights.entries()) expect(y - (heights[i - 1] ?? -100)).toBeGreaterThanOrEqual(18.9);
    expect(heights.at(-1)).toBeLessThan(WIDE.height);
  });

  test("one round, or none, is a chart too", () => {
    expect(accuracySvg([runOf("Krum", [0.5])], WIDE)).not.toContain("NaN");
    expect(accuracySvg([runOf("Krum", [])], WIDE)).not.toContain("NaN");
  });
});

describe("the page", () => {
  const page = reportPage(RESULT, DETAILS);

  test("shows the result in words, numbers and tables", () => {
    expect(page).toContain("<h1>3 of 10 clients attack: SignFlipping</h1>");
    expect(page).toContain("FedAvg ends at 10.0 % accuracy, NNM+TrimmedMean at 92.0 %.");
    expect(page).toContain("<tr><td>NNM+TrimmedMean</td><td>0.920</td><td>12.3</td><td>3</td><td>3</td></tr>");
    expect(page).toContain("<tr><td>2</td><td>0.300</td><td>–</td><td>10</td><td>10</td></tr>");
    expect(page).toContain("npx holdfast demo --seed 4");
  });

  test("asks nothing of any network and runs nothing", () => {
    expect(page).not.toMatch(/https?:|\/\/[a-z]|<script|<link|<img|@import|url\(/i);
  });

  test("suits light and dark, and a phone", () => {
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).toContain("prefers-color-scheme:dark");
    expect(page).toMatch(/class="chart wide"[\s\S]*class="chart narrow"/);
  });

  test("what came from outside is text, never markup", () => {
    const attack = '<img src="x" onerror="alert(1)">&';
    const hostile = reportPage({ ...RESULT, attack, runs: [runOf('"><script>', [0.5])] }, DETAILS);
    expect(hostile).not.toMatch(/<script|<img/);
    expect(hostile).toContain("&lt;img src=&quot;x&quot; onerror=&quot;alert(1)&quot;&gt;&amp;");
  });
});
