import { type Command, CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { type ClientActions, clientCommands } from "./cli.ts";

function parser() {
  const calls: [string, unknown][] = [];
  const note = (name: string) => async (options: unknown) => void calls.push([name, options]);
  const actions: ClientActions = {
    keygen: note("keygen"),
    enroll: note("enroll"),
    run: note("run"),
    privacy: note("privacy"),
  };
  const group = clientCommands(actions);
  for (const command of [group, ...group.commands]) quiet(command);
  const parse = async (...args: string[]) => {
    await group.parseAsync(args, { from: "user" });
    return calls;
  };
  return { group, parse };
}

function quiet(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .configureHelp({ helpWidth: 100 });
}

describe("help", () => {
  const { group } = parser();
  test.each(["client", ...group.commands.map((it) => it.name())])("%s", async (name) => {
    const command = group.commands.find((it) => it.name() === name) ?? group;
    await expect(command.helpInformation()).toMatchFileSnapshot(`../tests/golden/help/client-${name}.txt`);
  });
});

describe("parsing", () => {
  test("keygen and enroll", async () => {
    expect(await parser().parse("keygen", "--home", "h")).toEqual([["keygen", { home: "h" }]]);
    expect(await parser().parse("enroll", "--home", "h", "--bundle", "b.json")).toEqual([
      ["enroll", { home: "h", bundle: "b.json", forcePlaintext: false }],
    ]);
  });

  test("run on IDX files", async () => {
    const args = ["--home", "h", "--images", "i", "--labels", "l", "--policy", "p.yaml", "--log-level", "warn"];
    expect(await parser().parse("run", ...args)).toEqual([
      [
        "run",
        {
          home: "h",
          training: { by: "tensorflow", images: "i", labels: "l" },
          policy: "p.yaml",
          forcePlaintext: false,
          logLevel: "warn",
        },
      ],
    ]);
  });

  test("run on a table", async () => {
    const args = ["--home", "h", "--csv", "t.csv", "--columns", "c.yaml"];
    expect(await parser().parse("run", ...args)).toMatchObject([
      ["run", { training: { by: "tensorflow", csv: "t.csv", columns: "c.yaml" } }],
    ]);
  });

  test("run with a program", async () => {
    const args = ["--home", "h", "--trainer", "python3 train.py", "--trainer-timeout-ms", "5000"];
    expect(await parser().parse("run", ...args)).toMatchObject([
      ["run", { training: { by: "command", command: "python3 train.py", timeoutMs: 5000 }, logLevel: "info" }],
    ]);
  });

  test.each([
    ["no home", ["keygen"]],
    ["no bundle", ["enroll", "--home", "h"]],
    ["neither data nor a program", ["run", "--home", "h"]],
    ["images without labels", ["run", "--home", "h", "--images", "i"]],
    ["data and a program", ["run", "--home", "h", "--images", "i", "--labels", "l", "--trainer", "t"]],
    ["a table without its columns", ["run", "--home", "h", "--csv", "t"]],
    ["a table and images", ["run", "--home", "h", "--csv", "t", "--columns", "c", "--images", "i", "--labels", "l"]],
    ["a table and a program", ["run", "--home", "h", "--csv", "t", "--columns", "c", "--trainer", "t"]],
    ["a timeout of 0", ["run", "--home", "h", "--trainer", "t", "--trainer-timeout-ms", "0"]],
    ["a timeout in words", ["run", "--home", "h", "--trainer", "t", "--trainer-timeout-ms", "long"]],
    ["an unknown level", ["run", "--home", "h", "--trainer", "t", "--log-level", "loud"]],
    ["an unknown option", ["keygen", "--home", "h", "--force"]],
  ])("%s is refused", async (_what, args) => {
    await expect(parser().parse(...args)).rejects.toBeInstanceOf(CommanderError);
  });
});
