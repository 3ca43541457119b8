import { type Command, CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { simulationCommands } from "./cli.ts";

function parser() {
  const calls: unknown[] = [];
  const [demo] = simulationCommands(async (options) => void calls.push(options));
  if (demo === undefined) throw new Error("there is no demo");
  quiet(demo);
  const parse = async (...args: string[]) => {
    await demo.parseAsync(args, { from: "user" });
    return calls;
  };
  return { demo, parse };
}

function quiet(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .configureHelp({ helpWidth: 100 });
}

test("help", async () => {
  for (const command of simulationCommands()) {
    const file = `../tests/golden/help/${command.name()}.txt`;
    await expect(quiet(command).helpInformation()).toMatchFileSnapshot(file);
  }
});

describe("the lab's commands", () => {
  function lab() {
    const calls: unknown[][] = [];
    const note =
      (name: string) =>
      async (...args: unknown[]) =>
        void calls.push([name, ...args]);
    const actions = { run: note("run"), verify: note("verify") };
    const commands = simulationCommands(undefined, actions).map(quiet);
    const parse = async (name: string, ...args: string[]) => {
      await commands.find((it) => it.name() === name)?.parseAsync(args, { from: "user" });
      return calls;
    };
    return { parse };
  }

  test("a scenario, a grid and a report reach what runs and verifies them", async () => {
    const { parse } = lab();
    expect(await parse("simulate", "one.yaml", "--png")).toEqual([["run", "one.yaml", "scenario", { png: true }]]);
    expect((await parse("matrix", "all.yaml", "--yes", "--threads", "2"))[1]).toEqual([
      ...["run", "all.yaml", "grid"],
      { yes: true, threads: "2" },
    ]);
    const verified = (
      await parse("simulate", "one.yaml", "--verify", "report.json", "--cell", "ab", "--transport", "grpc")
    )[2];
    expect(verified).toEqual([
      ...["verify", "report.json"],
      { verify: "report.json", cell: "ab", transport: "grpc" },
      "one.yaml",
    ]);
  });

  test("neither a scenario nor a report is help, and an error", async () => {
    await expect(lab().parse("simulate")).rejects.toBeInstanceOf(CommanderError);
    await expect(lab().parse("matrix")).rejects.toBeInstanceOf(CommanderError);
    await expect(lab().parse("simulate", "one.yaml", "--cell", "ab")).rejects.toThrow("goes with '--verify");
  });
});

describe("parsing", () => {
  const byDefault = {
    clients: "10",
    attackers: "3",
    attack: "SignFlipping",
    rounds: "20",
    partition: "dirichlet:0.5",
    seed: "0",
    model: "mlp",
    color: true,
  };

  test("nothing typed", async () => {
    expect(await parser().parse()).toEqual([byDefault]);
  });

  test("everything typed reaches the demo as it was typed", async () => {
    const typed = {
      clients: "4",
      attackers: "1",
      attack: "Replay",
      rules: "FedAvg,Median",
      rounds: "2",
      partition: "iid",
      seed: "7",
      model: "softmax",
      json: "out.json",
    };
    const args = Object.entries(typed).flatMap(([name, value]) => [`--${name}`, value]);
    expect(await parser().parse(...args, "--keep", "--no-color")).toEqual([{ ...typed, keep: true, color: false }]);
  });

  test.each([
    ["an unknown option", ["--colour"]],
    ["an option without its value", ["--rounds"]],
    ["an argument", ["fast"]],
  ])("%s is refused", async (_what, args) => {
    await expect(parser().parse(...args)).rejects.toBeInstanceOf(CommanderError);
  });
});
