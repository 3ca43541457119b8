import files from "node:fs/promises";
import { tmpdir } from "node:os";
import { Command } from "commander";
import type { TypedOptions } from "./demo/options.ts";
import type { TypedLabOptions } from "./lab/command/options.ts";
import type { Kind } from "./lab/command/read-grid.ts";
import type { TypedVerifyOptions } from "./lab/command/verify-report.ts";

/** What the commands of the lab do. */
export interface LabActions {
  run(path: string, kind: Kind, options: TypedLabOptions): Promise<void>;
  verify(path: string, options: TypedVerifyOptions, scenario: string | undefined): Promise<void>;
}

/** What the commands do is passed in, so that a test passes its own; by default it is loaded when it is asked for. */
export function simulationCommands(
  run: (options: TypedOptions) => Promise<void> = runDemo,
  lab: LabActions = labActions,
): Command[] {
  const demo = new Command("demo")
    .description("a federation on this machine, under attack: ten clients, real MNIST, one run for each rule")
    .option("--clients <number>", "how many clients take part", "10")
    .option("--attackers <number>", "how many of them attack", "3")
    .option(
      "--attack <name>",
      "none, or an attack such as LabelFlipping or ALittleIsEnough:z=1 (docs/lab.md)",
      "SignFlipping",
    )
    .option("--rules <names>", "rules to compare, with commas between (default: FedAvg,MultiKrum,NNM+TrimmedMean)")
    .option("--rounds <number>", "rounds of each run", "20")
    .option(
      "--partition <name>",
      "how the data is shared out, such as iid, dirichlet:ALPHA or shards (docs/lab.md)",
      "dirichlet:0.5",
    )
    .option("--seed <number>", "fixes the data's shares, the first weights and every batch", "0")
    .option("--model <name>", "softmax or mlp", "mlp")
    .option("--json <file>", "also write the result to this file")
    .option("--keep", "leave the temporary consortium in place")
    .option("--no-color", "no colours (as does NO_COLOR)")
    .action((options: TypedOptions) => run(options));
  return [demo, simulateCommand(lab), matrixCommand(lab)];
}

function simulateCommand(lab: LabActions): Command {
  const simulate = new Command("simulate")
    .description("the attack lab: one attack against one rule, over the deployed round code, in memory")
    .argument("[scenario]", "a scenario's YAML file (docs/lab.md)")
    .option("--verify <report.json>", "check a report: its digest, and one of its cells by running it again")
    .option("--cell <id>", "with --verify: which cell (default: the one with the least work)");
  return withOutput(simulate).action(async (path: string | undefined, options: TypedLabOptions & Verifying) => {
    if (options.verify !== undefined) return lab.verify(options.verify, options, path);
    if (options.cell !== undefined) simulate.error("error: option '--cell <id>' goes with '--verify <report.json>'");
    if (path === undefined) return simulate.help({ error: true });
    return lab.run(path, "scenario", options);
  });
}

interface Verifying extends TypedVerifyOptions {
  readonly verify?: string;
}

function matrixCommand(lab: LabActions): Command {
  const matrix = new Command("matrix")
    .description("the attack lab: every attack against every rule, told every f, over every partition and seed")
    .argument("<grid>", "a grid's YAML file (docs/lab.md)");
  return withOutput(matrix).action((path: string, options: TypedLabOptions) => lab.run(path, "grid", options));
}

function withOutput(command: Command): Command {
  return command
    .option(
      "--out <folder>",
      "where the report goes, and what an interrupted run goes on from (default: holdfast-lab/NAME)",
    )
    .option("--json <file>", "also write report.json to this file")
    .option("--csv <file>", "also write report.csv to this file")
    .option("--png", "also export the charts as PNG")
    .option("--font <file>", "TrueType font for --png, where the system's are not found")
    .option(
      "--threads <number>",
      "cells that run at one time; where they are fewer, threads that train for them (default: one for each core)",
    )
    .option("--transport <name>", "memory (default), or grpc for the deployed transport over loopback")
    .option("--fresh", "run the cells again that an earlier run finished")
    .option("--yes", "run a large grid without asking");
}

const labActions: LabActions = {
  run: (path, kind, options) =>
    untilSignal(async (signal) => {
      const { runLab } = await import("./lab/command/run-lab.ts");
      await runLab(path, kind, options, await labSurroundings(signal));
    }),
  verify: (path, options, scenario) =>
    untilSignal(async (signal) => {
      const { verifyReport } = await import("./lab/command/verify-report.ts");
      await verifyReport(path, options, await labSurroundings(signal), scenario);
    }),
};

async function labSurroundings(signal: AbortSignal) {
  const { askAtTerminal, softwareVersion } = await import("./lab/command/surroundings.ts");
  const { stdout, stderr, stdin } = process;
  const ask = stdin.isTTY && stderr.isTTY ? askAtTerminal : undefined;
  const now = () => performance.now();
  return { stdout, stderr, cwd: process.cwd(), software: await softwareVersion(), now, signal, files, ask };
}

async function runDemo(options: TypedOptions): Promise<void> {
  await untilSignal(async (signal) => {
    const { demo } = await import("./demo/demo.ts");
    const [cwd, temporary] = [process.cwd(), tmpdir()];
    await demo(options, { stdout: process.stdout, cwd, temporary, env: process.env, signal });
  });
}

/** Ends the work in good order when the process is asked to stop. */
async function untilSignal(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const end = (signal: NodeJS.Signals) => stop.abort(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, end);
  try {
    await work(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write(`stopped by ${stop.signal.reason}; nothing is left running\n`);
    process.exitCode = stop.signal.reason === "SIGINT" ? 130 : 143;
  }
}
