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
  await expect(parser().demo.helpInformation()).toMatchFileSnapshot("../tests/golden/help/demo.txt");
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
