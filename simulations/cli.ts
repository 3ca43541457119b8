import { tmpdir } from "node:os";
import { Command } from "commander";
import type { TypedOptions } from "./demo/options.ts";

/** What the commands do is passed in, so that a test passes its own; by default the demo is loaded when it is asked for. */
export function simulationCommands(run: (options: TypedOptions) => Promise<void> = runDemo): Command[] {
  const demo = new Command("demo")
    .description("a federation on this machine, under attack: ten clients, real MNIST, one run for each rule")
    .option("--clients <number>", "how many clients take part", "10")
    .option("--attackers <number>", "how many of them attack", "3")
    .option(
      "--attack <name>",
      "SignFlipping, LabelFlipping, ALittleIsEnough, NonFinite, Replay or none",
      "SignFlipping",
    )
    .option("--rules <names>", "rules to compare, with commas between (default: FedAvg,MultiKrum,NNM+TrimmedMean)")
    .option("--rounds <number>", "rounds of each run", "20")
    .option("--partition <name>", "how the data is shared out: iid, or dirichlet:ALPHA", "dirichlet:0.5")
    .option("--seed <number>", "fixes the data's shares, the first weights and every batch", "0")
    .option("--model <name>", "softmax or mlp", "mlp")
    .option("--json <file>", "also write the result to this file")
    .option("--keep", "leave the temporary consortium in place")
    .option("--no-color", "no colours (as does NO_COLOR)")
    .action((options: TypedOptions) => run(options));
  return [demo];
}

async function runDemo(options: TypedOptions): Promise<void> {
  const { demo } = await import("./demo/demo.ts");
  const stop = new AbortController();
  const end = (signal: NodeJS.Signals) => stop.abort(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, end);
  try {
    const [cwd, temporary] = [process.cwd(), tmpdir()];
    await demo(options, { stdout: process.stdout, cwd, temporary, env: process.env, signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write(`stopped by ${stop.signal.reason}; nothing is left running\n`);
    process.exitCode = stop.signal.reason === "SIGINT" ? 130 : 143;
  }
}
