import { availableParallelism } from "node:os";
import { readGrid } from "../simulations/lab/command/read-grid.ts";
import { hasRun } from "../simulations/lab/job/result.ts";
import { runCells } from "../simulations/lab/matrix/run-cells.ts";
import { baselinesOf } from "../simulations/lab/scenario/baselines.ts";
import { cellIdOf, cellsOf } from "../simulations/lab/scenario/cell.ts";
import { endOf, table } from "./report.ts";

const PATH = "simulations/scenarios/first-look.yaml";
const MOST_MINUTES = 10;

/**
 * The first look, all of it, by the clock: five attacks and none, six rules, two partitions, two seeds, and the cells that
 * the no-attack cost takes besides.
 */
export async function grid(): Promise<void> {
  const { grid, baseFolder } = await readGrid(PATH, "grid", ".");
  const cells = cellsOf(grid);
  const baselines = baselinesOf(cells);
  const numThreads = availableParallelism();
  const started = performance.now();
  let done = 0;
  const results = await runCells([...cells, ...baselines], {
    baseFolder,
    transport: "memory",
    numThreads,
    signal: new AbortController().signal,
    onRound: () => undefined,
    onResult: async () => {
      done += 1;
      process.stderr.write(`\r${done} of ${cells.length + baselines.length} cells`);
    },
  });
  process.stderr.write("\n");
  const minutes = (performance.now() - started) / 60_000;
  const added = new Set(baselines.map(cellIdOf));
  const ran = results.filter(hasRun);
  const run = ran.filter(({ id }) => !added.has(id));
  const baselinesRun = ran.length - run.length;
  const broken = run.filter(({ outcome }) => outcome === "broken").length;
  const lists = [
    ["attacks, one of them none", grid.attacks.length],
    ["rules", grid.rules.length],
    ["partitions", grid.partitions.length],
    ["seeds", grid.seeds.length],
    ["cells", cells.length],
    ["of which the attack broke the model, so that rounds failed", broken],
    ["cells added for the no-attack cost, in the minutes too", baselines.length],
    ["threads", numThreads],
    ["minutes", minutes.toFixed(1)],
  ] as const;

  await endOf(
    "lab-grid",
    table(["the first look", ""], lists),
    { minutes, cells: cells.length, run: run.length, broken, baselines: baselines.length, baselinesRun },
    [
      { what: "every cell has a result", passed: run.length === cells.length, found: `${run.length}` },
      { what: "every added cell has one", passed: baselinesRun === baselines.length, found: `${baselinesRun}` },
      { what: `at most ${MOST_MINUTES} minutes`, passed: minutes <= MOST_MINUTES, found: minutes.toFixed(1) },
    ],
  );
}
