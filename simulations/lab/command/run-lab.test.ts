import nodeFiles, { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toldEpsilon } from "../../../core/privacy/told.ts";
import { openData } from "../../data/settings.ts";
import type { CellResult, CellRun } from "../job/result.ts";
import { runCell } from "../job/run-cell.ts";
import { type CellThread, startCellThread } from "../matrix/threads.ts";
import { type Report, reportOf } from "../report/report.ts";
import { plainCells } from "../report/testing.ts";
import { cellIdOf } from "../scenario/cell.ts";
import { yamlOfSmall } from "../testing.ts";
import { type LabSurroundings, runLab } from "./run-lab.ts";
import { verifyReport } from "./verify-report.ts";
import type { LabFiles } from "./write-files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-lab-test-"));
  await writeFile(join(folder, "small.yaml"), `${yamlOfSmall}seeds: [0, 1]\n`);
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs cells in this thread: a real one loads all of the lab anew. */
function noThread(): CellThread {
  return {
    async run({ cell, transport, baseFolder }, onRound) {
      const data = await openData(cell.data, baseFolder);
      const around = { data, transport, baseFolder, now: () => performance.now(), progress: onRound };
      return { type: "done", result: await runCell(cell, around) };
    },
    stop: async () => undefined,
  };
}

/** Runs none of them: enough to tell whether a cell was to be run at all. */
const refusing = (): CellThread => ({
  run: async ({ cell }) => ({
    type: "done",
    result: { id: cellIdOf(cell), cell, outcome: "infeasible", reason: "as told" },
  }),
  stop: async () => undefined,
});

/** A model.json of one dense layer. */
const denseLayers = (inputs: number, units: number) => {
  const config = { name: "output", units, batch_input_shape: [null, inputs] };
  const layers = [{ class_name: "Dense", config }];
  return { modelTopology: { class_name: "Sequential", config: { name: "model", layers } } };
};

function surroundings(changes: Partial<LabSurroundings> = {}) {
  let said = "";
  const stream = () =>
    new Writable({
      write(chunk, _, done) {
        said += String(chunk);
        done();
      },
    });
  const around: LabSurroundings = {
    stdout: stream(),
    stderr: stream(),
    cwd: folder,
    software: "test",
    now: () => performance.now(),
    signal: new AbortController().signal,
    files: nodeFiles,
    ask: undefined,
    start: noThread,
    ...changes,
  };
  return { around, said: () => said };
}

describe("holdfast simulate", () => {
  test("a scenario to its report, a second time from what is finished, verified, and found out when touched", async () => {
    const first = surroundings({ start: startCellThread });
    await runLab("small.yaml", "scenario", { csv: "also.csv", threads: "1" }, first.around);
    expect(first.said()).toContain("2 cells; 36 updates; about");
    expect(first.said()).toContain("SignFlipping against Median, f = 2, iid, seed 1: accuracy");
    expect(first.said()).toContain("2 cells ran, 0 infeasible, 0 failed");
    const path = join(folder, "holdfast-lab", "small", "report.json");
    const report: Report = JSON.parse(await readFile(path, "utf8"));
    expect(report.results).toHaveLength(2);
    expect(await readFile(join(folder, "also.csv"), "utf8")).toContain("SignFlipping");

    const second = surroundings();
    await runLab("small.yaml", "scenario", {}, second.around);
    expect(second.said()).toContain("2 of 2 cells done already");
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(report);

    const checking = surroundings();
    await verifyReport(path, {}, checking.around, "small.yaml");
    expect(checking.said()).toContain("gives the same 3 models");

    const [result] = report.results;
    await writeFile(path, JSON.stringify({ ...report, results: [{ ...result, accuracy: 1 }, report.results[1]] }));
    await expect(verifyReport(path, {}, surroundings().around)).rejects.toMatchObject({ code: "REPORT_UNVERIFIED" });
    await writeFile(path, "{}");
    await expect(verifyReport(path, {}, surroundings().around)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("over gRPC, a report says so and is verified so; in memory, an attack on the network is refused", async () => {
    await writeFile(join(folder, "wire.yaml"), `${yamlOfSmall.replace("name: small", "name: wire")}seeds: [0]\n`);
    await runLab("wire.yaml", "scenario", { transport: "grpc" }, surroundings().around);
    const path = join(folder, "holdfast-lab", "wire", "report.json");
    const report: Report = JSON.parse(await readFile(path, "utf8"));
    expect(report.versions.transport).toBe("grpc");
    for (const transport of [{}, { transport: "memory" }]) {
      const checking = surroundings();
      await verifyReport(path, transport, checking.around);
      expect(checking.said()).toContain("gives the same 3 models");
    }
    const html = await readFile(join(folder, "holdfast-lab", "wire", "report.html"), "utf8");
    expect(html).toContain("npx holdfast simulate wire.yaml --transport grpc<");
    const unknown = verifyReport(path, { transport: "carrier pigeon" }, surroundings().around);
    await expect(unknown).rejects.toThrow("unknown transport");

    await writeFile(join(folder, "slow.yaml"), yamlOfSmall.replace("attack: SignFlipping", "attack: SlowLoris"));
    const inMemory = runLab("slow.yaml", "scenario", {}, surroundings().around);
    await expect(inMemory).rejects.toThrow(/^SlowLoris is an attack on the network.*add --transport grpc$/);
  });

  test("a report whose grid is not that of the source it shows is found out", async () => {
    await runLab("small.yaml", "scenario", { out: "other" }, surroundings().around);
    const path = join(folder, "other", "report.json");
    const report: Report = JSON.parse(await readFile(path, "utf8"));
    const source = report.source.replace("Median", "FedAvg");
    await writeFile(path, JSON.stringify(reportOf({ ...report, source })));
    await expect(verifyReport(path, {}, surroundings().around)).rejects.toThrow("not that of the source it shows");
  });

  test("finished cells are of the files that their scenario names, too, as these were", async () => {
    const source = yamlOfSmall
      .replace("rule: Median", "rule: FLTrust")
      .replace("name: small", "name: root")
      .replace("rounds: 3", "rounds: 1");
    const root = "rootDataset: { csv: root.csv, columns: root.columns.yaml }\nseeds: [0]\n";
    await writeFile(join(folder, "root.yaml"), source + root);
    // both are missing, and both are read at once
    const missing = /cannot read root\.(csv|columns\.yaml)/;
    await expect(runLab("root.yaml", "scenario", {}, surroundings().around)).rejects.toThrow(missing);
    const inputs = Array.from({ length: 8 }, (_, i) => `x${i}`);
    const columns = {
      label: { column: "label", classes: ["0", "1", "2"] },
      features: inputs.map((column) => ({ column, min: 0, max: 1 })),
    };
    await writeFile(join(folder, "root.columns.yaml"), JSON.stringify(columns));
    const saidWith = async (values: string, start = noThread) => {
      const lines = [0, 1, 2].map((label) => `${values},${label}`);
      await writeFile(join(folder, "root.csv"), [[...inputs, "label"].join(","), ...lines, ""].join("\n"));
      const running = surroundings({ start });
      await runLab("root.yaml", "scenario", {}, running.around);
      return running.said();
    };
    expect(await saidWith("0,0,0,0,0,0,0,0")).toContain("1 cell ran");
    expect(await saidWith("0,0,0,0,0,0,0,0", refusing)).toContain("1 of 1 cell done already");
    expect(await saidWith("0,0,0,0,0,0,0,1", refusing)).toContain("0 cells ran, 1 infeasible");
  });

  test("what cannot be is refused before anything runs: what the data contradict, images without a font", async () => {
    const refused = async (source: string, kind: "scenario" | "grid", typed = {}) => {
      await writeFile(join(folder, "refused.yaml"), source);
      const running = surroundings();
      const error = await runLab("refused.yaml", kind, { out: "refused", ...typed }, running.around).then(
        () => new Error("it ran"),
        (thrown: Error) => thrown,
      );
      expect(running.said()).toBe("");
      return error.message;
    };
    const beyond = yamlOfSmall.replace("attack: SignFlipping", "attack: PixelBackdoor:target=3");
    expect(await refused(beyond, "scenario")).toBe("refused.yaml:8: attack: target 3: there are 3 classes, from 0");
    const grid = yamlOfSmall
      .replace("rule: Median", "rules: [Median]\npartitions: [iid]")
      .replace("attack: SignFlipping", "attacks:\n  - none\n  - { name: LabelFlipping, source: 5 }")
      .replace("numByzantine: 2", "numByzantine: [2]");
    expect(await refused(grid, "grid")).toMatch(/^refused.yaml:11: attacks.1: source 5: there are 3 classes/);
    const held = `${yamlOfSmall}attackersHold: { label: 3 }\n`;
    expect(await refused(held, "scenario")).toMatch(/^refused.yaml:11: attackersHold.label: 3: there are 3 classes/);
    const wider = yamlOfSmall.replace("model: softmax", "model: { builtin: softmax, classes: 3, inputs: 9 }");
    expect(await refused(wider, "scenario")).toBe("refused.yaml:4: model.inputs: the data have 8");
    const imageless = yamlOfSmall.replace("model: softmax", "model: cnn");
    expect(await refused(imageless, "scenario")).toBe(
      "refused.yaml:4: model: does not fit the data, of shape 8: inputs must be those of a square image of 16 x 16 pixels or more, times the channels",
    );
    const layersOf = (inputs: number, units: number) =>
      writeFile(join(folder, "model.json"), JSON.stringify(denseLayers(inputs, units)));
    const ofLayers = yamlOfSmall.replace("model: softmax", "model: { layers: model.json }");
    for (const [inputs, classes] of [
      [9, 3],
      [8, 4],
    ] as const) {
      await layersOf(inputs, classes);
      expect(await refused(ofLayers, "scenario")).toBe(
        `refused.yaml:4: model: its layers take ${inputs} values to ${classes} classes, and the data have 8 and 3`,
      );
    }
    await writeFile(join(folder, "model.json"), "{}");
    expect(await refused(ofLayers, "scenario")).toContain("modelTopology");
    const oneFile = { json: "it", csv: join(folder, "it") };
    expect(await refused(yamlOfSmall, "scenario", oneFile)).toBe("--json and --csv are one file");
    const noFont = { png: true, font: "none.ttf" };
    expect(await refused(yamlOfSmall, "scenario", noFont)).toMatch(/^no font at .*none.ttf/);
  });

  test("what was touched, digest and all, is found out by running the cell again", async () => {
    await runLab("small.yaml", "scenario", { out: "touched" }, surroundings().around);
    const path = join(folder, "touched", "report.json");
    const report: Report = JSON.parse(await readFile(path, "utf8"));
    const verified = async (results: readonly unknown[]) => {
      await writeFile(path, JSON.stringify(reportOf({ ...report, results: results as Report["results"] })));
      return verifyReport(path, {}, surroundings().around);
    };
    const touched = (change: (run: CellRun) => object) =>
      verified(report.results.map((it) => ({ ...it, ...change(it as CellRun) })));
    const otherFigures = "the same models, but other figures";
    await expect(touched(() => ({ worstClientAccuracy: 1 }))).rejects.toThrow(`${otherFigures}: worstClientAccuracy`);
    await expect(touched(() => ({ outcome: "broken" }))).rejects.toThrow(`${otherFigures}: outcome`);
    await expect(touched(() => ({ modelSha256: "0".repeat(64) }))).rejects.toThrow(`${otherFigures}: modelSha256`);
    const flagged = ({ rounds }: CellRun) => ({ rounds: rounds.map((it) => ({ ...it, attackersFlagged: 9 })) });
    await expect(touched(flagged)).rejects.toThrow(`${otherFigures}: rounds`);
    const honest = ({ clients }: CellRun) => ({ clients: clients.map((it) => ({ ...it, isAttacker: false })) });
    await expect(touched(honest)).rejects.toThrow(`${otherFigures}: clients`);
    const [first, second] = report.results;
    await expect(verified([first, first])).rejects.toThrow("not one of its grid, or twice there");
    await expect(verified([first])).rejects.toThrow("it lacks 1 cells of its grid");
    await expect(verified([{ ...first, rounds: undefined }, second])).rejects.toThrow("results[0]");
  });

  test("an infeasible cell has to be infeasible again, and what is taken at its word is counted", async () => {
    const privacy =
      "privacy: { mode: central, clipNorm: 1, noiseMultiplier: 1, delta: 0.01, maxEpsilon: 100, onAbsence: zero }";
    // by its plan Krum cannot hold; that no honest epsilon is known for Median is said when it starts
    const grid = yamlOfSmall
      .replace("name: small", "name: refusals")
      .replace("rule: Median", "rules: [FedAvg, Krum, Median]")
      .replace("attack: SignFlipping", "attacks: [SignFlipping, LabelFlipping]")
      .replace("numByzantine: 2", "numByzantine: [2]");
    await writeFile(join(folder, "refusals.yaml"), `${grid}partitions: [iid]\n${privacy}\n`);
    await runLab("refusals.yaml", "grid", { threads: "1" }, surroundings().around);
    const path = join(folder, "holdfast-lab", "refusals", "report.json");
    const report: Report = JSON.parse(await readFile(path, "utf8"));
    const verified = async (changes: Partial<Report>) => {
      await writeFile(path, JSON.stringify(reportOf({ ...report, ...changes })));
      const checking = surroundings();
      await verifyReport(path, {}, checking.around);
      return checking.said();
    };
    expect(await verified({})).toContain(
      "4 infeasible ones are so again; taken at their word: 1 that ran (--cell ID runs one of them again), 0 that failed",
    );
    const withResult = (label: string, change: object) => {
      const place = report.results.findIndex(({ cell }) => cell.defence.label === label);
      return { results: report.results.map((it, i) => (i === place ? { ...it, ...change } : it) as CellResult) };
    };
    for (const label of ["Krum", "Median"]) {
      await expect(verified(withResult(label, { reason: "no" }))).rejects.toThrow(
        "said to be infeasible (no), and now:",
      );
    }
    const hidden = withResult("FedAvg", { outcome: "infeasible", reason: "no" });
    await expect(verified(hidden)).rejects.toThrow(/said to be infeasible \(no\), and now: completed|and runs/);
    const lost = withResult("Median", { outcome: "failed", reason: "no" });
    expect(await verified(lost)).toContain("3 infeasible ones are so again; taken at their word: 1 that ran");
    expect(await verified(lost)).toContain("1 that failed");
    const text = JSON.stringify({ ...report, versions: { ...report.versions, holdfast: "0" } });
    await writeFile(path, text);
    await expect(verifyReport(path, {}, surroundings().around)).rejects.toThrow("not those its digest stands for");
  });

  test("a disk that is full leaves no half report, keeps what is finished, and says so", async () => {
    const report = join(folder, "full", "report.json");
    let roomFor = 1;
    const writeScarcely: LabFiles["writeFile"] = async (path, ...rest) => {
      if (roomFor-- <= 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      await nodeFiles.writeFile(path, ...rest);
    };
    const scarce = { ...nodeFiles, writeFile: writeScarcely };
    const full = runLab("small.yaml", "scenario", { out: "full" }, surroundings({ files: scarce }).around);
    await expect(full).rejects.toMatchObject({ code: "DISK_FULL" });
    await expect(full).rejects.toThrow("the finished cells are kept, so the same command goes on from here");
    expect(await readdir(join(folder, "full"))).toEqual(["cells.jsonl"]);

    const again = surroundings();
    await runLab("small.yaml", "scenario", { out: "full" }, again.around);
    expect(again.said()).toContain("2 of 2 cells done already");
    const before = await readFile(report, "utf8");
    roomFor = 2;
    const later = runLab("small.yaml", "scenario", { out: "full" }, surroundings({ files: scarce }).around);
    await expect(later).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await readFile(report, "utf8")).toBe(before);
    expect((await readdir(join(folder, "full"))).sort()).toEqual([
      "cells.jsonl",
      "report.csv",
      "report.html",
      "report.json",
    ]);
  });

  test("a disk that is full in the middle keeps the cells before", async () => {
    let roomFor = 1;
    const appendScarcely: LabFiles["appendFile"] = async (path, data) => {
      const isFull = roomFor-- <= 0;
      await nodeFiles.appendFile(path, isFull ? String(data).slice(0, 20) : data);
      if (isFull) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    const files = { ...nodeFiles, appendFile: appendScarcely };
    const options = { out: "middle", threads: "1" };
    const full = runLab("small.yaml", "scenario", options, surroundings({ files }).around);
    await expect(full).rejects.toMatchObject({ code: "DISK_FULL" });
    const again = surroundings();
    await runLab("small.yaml", "scenario", options, again.around);
    expect(again.said()).toContain("1 of 2 cells done already");
    expect(again.said()).toContain("2 cells ran, 0 infeasible, 0 failed");
  });

  test("epsilon with what it means stands beside accuracy, on the screen, in the table and on the page", async () => {
    const privacy =
      "privacy: { mode: central, clipNorm: 1, noiseMultiplier: 1, delta: 0.01, maxEpsilon: 100, onAbsence: zero }";
    const grid = yamlOfSmall
      .replace("name: small", "name: private")
      .replace("rule: Median", "rules: [FedAvg, Median]")
      .replace("attack: SignFlipping", "attacks: [none, SignFlipping]")
      .replace("numByzantine: 2", "numByzantine: [2]");
    await writeFile(join(folder, "private.yaml"), `${grid}partitions: [iid]\n${privacy}\n`);
    const running = surroundings();
    await runLab("private.yaml", "grid", { threads: "1" }, running.around);
    const file = (name: string) => readFile(join(folder, "holdfast-lab", "private", name), "utf8");
    const report: Report = JSON.parse(await file("report.json"));
    const { epsilon } = report.results.flatMap((it) => ("privacy" in it ? it.privacy : []))[0] ?? {};
    expect(epsilon).toBeGreaterThan(1);
    const told = toldEpsilon(epsilon as number);
    expect(running.said()).toContain(`epsilon ${told} at delta 0.01`);
    expect(running.said()).toContain("2 cells ran, 2 infeasible, 0 failed");
    const [line] = parse(await file("report.csv"), { columns: true }) as Record<string, string>[];
    expect(line).toMatchObject({
      epsilon: String(epsilon),
      delta: "0.01",
      adjacency: expect.stringMatching(/^zero-out/),
    });
    expect(line?.["privacyContract"]).toContain("unit: one client; adjacency: zero-out");
    const html = await file("report.html");
    expect(plainCells(html)).toMatch(
      new RegExp(`<td>FedAvg</td><td>iid, f = 2</td><td>${told}</td><td>0.01</td><td>zero-out</td>`),
    );
    expect(html).toContain("not covered      metrics");
    expect(html).toContain("Median has L2 sensitivity");
  });

  test("cells for the no-attack cost are added once, told, kept, shown as such and verified", async () => {
    const source = yamlOfSmall
      .replace("name: small", "name: cost")
      .replace("rule: Median", "rules: [Median, TrimmedMean]\npartitions: [iid]")
      .replace("attack: SignFlipping", "attacks: [none, SignFlipping]")
      .replace("numByzantine: 2", "numByzantine: [1, 2]");
    await writeFile(join(folder, "cost.yaml"), `${source}seeds: [0, 1]\n`);
    const first = surroundings();
    await runLab("cost.yaml", "grid", { threads: "1" }, first.around);
    expect(first.said()).toContain("18 cells, 2 of them added for the no-attack cost; 324 updates");
    expect(first.said()).toContain("18 cells ran, 0 infeasible, 0 failed");
    const file = (name: string) => join(folder, "holdfast-lab", "cost", name);
    const report: Report = JSON.parse(await readFile(file("report.json"), "utf8"));
    expect(report.results).toHaveLength(16);
    expect(report.results.every((it) => it.cell.numByzantine > 0)).toBe(true);
    expect(report.baselines.map(({ cell }) => [cell.defence.label, cell.numByzantine, cell.attack, cell.seed])).toEqual(
      [
        ["TrimmedMean", 0, null, 0],
        ["TrimmedMean", 0, null, 1],
      ],
    );
    const rows: Record<string, string>[] = parse(await readFile(file("report.csv"), "utf8"), { columns: true });
    expect(rows.filter((it) => it["role"] === "baseline").map((it) => it["cell"])).toEqual(
      report.baselines.map((it) => it.id),
    );
    expect(await readFile(file("report.html"), "utf8")).toContain("<h2>No-attack cost</h2>");

    const second = surroundings({ start: refusing });
    await runLab("cost.yaml", "grid", {}, second.around);
    expect(second.said()).toContain("18 of 18 cells done already");
    expect(JSON.parse(await readFile(file("report.json"), "utf8"))).toEqual(report);

    const cell = report.baselines[1]?.id ?? "";
    const checking = surroundings();
    await verifyReport(file("report.json"), { cell }, checking.around);
    expect(checking.said()).toContain(`cell ${cell} gives the same 3 models`);
    for (const baselines of [[], report.baselines.slice(1), [...report.baselines, report.results[0]]]) {
      await writeFile(file("report.json"), JSON.stringify(reportOf({ ...report, baselines } as Report)));
      const verified = verifyReport(file("report.json"), {}, surroundings().around);
      await expect(verified).rejects.toThrow(/lacks \d cells of its grid|not one of its grid/);
    }
  });

  test("a report names the shape of the model that was trained, which only the data decide", async () => {
    const path = join(folder, "holdfast-lab", "small", "report.json");
    await runLab("small.yaml", "scenario", {}, surroundings().around);
    const { grid, results }: Report = JSON.parse(await readFile(path, "utf8"));
    expect(grid.model).toMatchObject({ builtin: "softmax", inputs: 8, classes: 3 });
    expect(results.every((it) => JSON.stringify(it.cell.model) === JSON.stringify(grid.model))).toBe(true);
    await verifyReport(path, {}, surroundings().around, "small.yaml");
  });

  test("so many cells are asked about first, and not run where nobody can answer", async () => {
    const many = Array.from({ length: 201 }, (_, i) => 100 + i).join(", ");
    await writeFile(join(folder, "many.yaml"), `${yamlOfSmall}seeds: [${many}]\n`);
    const alone = runLab("many.yaml", "scenario", {}, surroundings().around);
    await expect(alone).rejects.toThrow(/201 cells.*add --yes/);
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return false;
    };
    await expect(runLab("many.yaml", "scenario", {}, surroundings({ ask }).around)).rejects.toThrow("not run");
    expect(questions).toHaveLength(1);
  });

  test("a scenario that is missing, data that is missing, and an option that is none are said so", async () => {
    const { around } = surroundings();
    await expect(runLab("none.yaml", "scenario", {}, around)).rejects.toMatchObject({ code: "FILE_MISSING" });
    await writeFile(
      join(folder, "csv.yaml"),
      `name: csv\nrule: FedAvg\ndata: { name: csv, train: a.csv, columns: b.yaml }\n`,
    );
    await expect(runLab("csv.yaml", "scenario", {}, around)).rejects.toMatchObject({ code: "FILE_MISSING" });
    await expect(runLab("small.yaml", "scenario", { transport: "gprc" }, around)).rejects.toThrow("did you mean grpc?");
    await expect(runLab("small.yaml", "scenario", { threads: "0" }, around)).rejects.toThrow("--threads");
  });
});
