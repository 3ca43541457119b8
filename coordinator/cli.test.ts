import { type Command, CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { type CoordinatorActions, coordinatorCommands } from "./cli.ts";

const ACTIONS: readonly (keyof CoordinatorActions)[] = [
  ...(["init", "serve", "startJob", "watchJob", "stopJob", "listJobs", "showJob"] as const),
  ...(["invite", "listClients", "release", "revoke", "listModels", "downloadModel", "planSchema"] as const),
  ...(["aggregate", "listSteps", "privacyEpsilon", "privacyCalibrate", "privacyPlan"] as const),
  ...(["showPrivacy", "setCeiling", "liftCeiling", "approveChange"] as const),
  ...(["adminKeygen", "listAdmins", "addAdmin", "removeAdmin"] as const),
];

function parser() {
  const calls: [string, unknown][] = [];
  let loads = 0;
  const note = (name: string) => async (options?: unknown) => void calls.push([name, options]);
  const actions = Object.fromEntries(ACTIONS.map((name) => [name, note(name)])) as unknown as CoordinatorActions;
  const groups = coordinatorCommands(async () => {
    loads++;
    return actions;
  });
  for (const { command } of groups.flatMap((group) => withinGroup(group))) quiet(command);
  const parse = async (name: string, ...args: string[]) => {
    await groups.find((it) => it.name() === name)?.parseAsync(args, { from: "user" });
    return calls;
  };
  return { groups, parse, loads: () => loads };
}

/** A group and all its commands, by the names of their help files. */
function withinGroup(command: Command, before = ""): { readonly file: string; readonly command: Command }[] {
  const file = `${before}${command.name()}`;
  return [{ file, command }, ...command.commands.flatMap((it) => withinGroup(it, `${file}-`))];
}

function quiet(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .configureHelp({ helpWidth: 100 });
}

describe("help", () => {
  const { groups } = parser();
  const commands = groups.flatMap((group) => withinGroup(group));
  test.each(commands)("$file", async ({ file, command }) => {
    await expect(command.helpInformation()).toMatchFileSnapshot(`../tests/golden/help/${file}.txt`);
  });

  test("does not load what the commands do", async () => {
    const { parse, loads } = parser();
    await expect(parse("jobs", "start", "--help")).rejects.toMatchObject({ exitCode: 0 });
    expect(loads()).toBe(0);
  });
});

const HEX = "0123456789abcdef".repeat(4);
const CEILING = ["--max-epsilon", "1", "--delta", "0.1", "--reason", "why"];
const PROFILE = ["--profile", "admin.json"];
const profile = "admin.json";
const KRUM = ["--rule", "Krum", "--num-byzantine", "2", "--pre", "NNM", "--pre", "ARC"];
const FL_TRUST = ["--rule", "FLTrust", "--reference", "rootUpdate=r.npy"];
const POISSON = ["--sampling", "poisson", "--rate", "0.1", "--rounds", "100", "--delta", "1e-5"];
const MECHANISM = {
  ...{ mechanism: "gaussian", sampling: "poisson", rate: 0.1, rounds: 100, delta: 1e-5 },
  ...{ adjacency: "zero-out", accountant: "best", json: false },
};
const AGGREGATE = { numByzantine: 0, pre: [], param: [], reference: [], seed: 0, diagnostics: false, json: false };

describe("parsing", () => {
  const parsed: [string[], [string, unknown]][] = [
    [
      ["coordinator", "init", "--home", "h", "--name", "n"],
      ["init", { home: "h", name: "n", host: [] }],
    ],
    [
      ["coordinator", "init", "--home", "h", "--name", "n", "--host", "a.example", "10.0.0.1"],
      ["init", { home: "h", name: "n", host: ["a.example", "10.0.0.1"] }],
    ],
    [
      ["coordinator", "serve", "--home", "h"],
      [
        "serve",
        {
          home: "h",
          listen: "127.0.0.1:8470",
          plaintext: false,
          forcePlaintext: false,
          logLevel: "info",
          rowBudgetMib: 512,
        },
      ],
    ],
    [
      [
        ...["coordinator", "serve", "--home", "h", "--listen", "0.0.0.0:0", "--public-address", "a.example:443"],
        ...["--plaintext", "--force-plaintext", "--log-level", "debug", "--threads", "3", "--row-budget-mib", "64"],
      ],
      [
        "serve",
        {
          home: "h",
          listen: "0.0.0.0:0",
          publicAddress: "a.example:443",
          plaintext: true,
          forcePlaintext: true,
          logLevel: "debug",
          threads: 3,
          rowBudgetMib: 64,
        },
      ],
    ],
    [
      ["jobs", "start", "plan.yaml", ...PROFILE],
      ["startJob", { plan: "plan.yaml", profile, watch: false }],
    ],
    [
      ["jobs", "start", "plan.yaml", ...PROFILE, "--watch"],
      ["startJob", { plan: "plan.yaml", profile, watch: true }],
    ],
    [
      ["jobs", "watch", "j", ...PROFILE],
      ["watchJob", { job: "j", profile, json: false }],
    ],
    [
      ["jobs", "watch", "j", ...PROFILE, "--json"],
      ["watchJob", { job: "j", profile, json: true }],
    ],
    [
      ["jobs", "stop", "j", ...PROFILE],
      ["stopJob", { job: "j", profile, reason: "stopped by the operator" }],
    ],
    [
      ["jobs", "stop", "j", ...PROFILE, "--reason", "enough"],
      ["stopJob", { job: "j", profile, reason: "enough" }],
    ],
    [
      ["jobs", "list", ...PROFILE],
      ["listJobs", { profile }],
    ],
    [
      ["jobs", "show", "j", ...PROFILE],
      ["showJob", { job: "j", profile, json: false }],
    ],
    [
      ["jobs", "show", "j", ...PROFILE, "--round", "3", "--json"],
      ["showJob", { job: "j", profile, round: 3, json: true }],
    ],
    [
      ["clients", "invite", "north", ...PROFILE, "--out", "b.json"],
      ["invite", { name: "north", profile, out: "b.json", hours: 72 }],
    ],
    [
      ["clients", "invite", "north", ...PROFILE, "--out", "b.json", "--hours", "0.5"],
      ["invite", { name: "north", profile, out: "b.json", hours: 0.5 }],
    ],
    [
      ["clients", "list", ...PROFILE],
      ["listClients", { profile }],
    ],
    [
      ["clients", "release", "north", ...PROFILE, "--reason", "looked into"],
      ["release", { name: "north", profile, reason: "looked into" }],
    ],
    [
      ["clients", "revoke", "north", ...PROFILE],
      ["revoke", { name: "north", profile, reason: "revoked by the operator" }],
    ],
    [
      ["clients", "revoke", "north", ...PROFILE, "--reason", "stolen"],
      ["revoke", { name: "north", profile, reason: "stolen" }],
    ],
    [
      ["models", "list", ...PROFILE],
      ["listModels", { profile }],
    ],
    [
      ["models", "list", ...PROFILE, "--job", "j"],
      ["listModels", { profile, job: "j" }],
    ],
    [
      ["models", "download", "abc", ...PROFILE, "--out", "m.safetensors"],
      ["downloadModel", { model: "abc", profile, out: "m.safetensors" }],
    ],
    [
      ["plan", "schema"],
      ["planSchema", undefined],
    ],
    [
      ["aggregate", "--rule", "Median", "a.json"],
      ["aggregate", { ...AGGREGATE, rule: "Median", files: ["a.json"] }],
    ],
    [
      ["aggregate", ...KRUM, "--param", "ARC.a=1", "--param", "b=x=y", "--weights", "w", "a.npy", "b.npy"],
      [
        "aggregate",
        {
          ...AGGREGATE,
          ...{ rule: "Krum", numByzantine: 2, pre: ["NNM", "ARC"], param: ["ARC.a=1", "b=x=y"], weights: "w" },
          files: ["a.npy", "b.npy"],
        },
      ],
    ],
    [
      ["aggregate", ...FL_TRUST, "--seed", "7", "--threads", "3", "--output", "o", "--diagnostics", "--json", "a.npy"],
      [
        "aggregate",
        {
          ...AGGREGATE,
          ...{ rule: "FLTrust", reference: ["rootUpdate=r.npy"], seed: 7, threads: 3, output: "o" },
          ...{ diagnostics: true, json: true, files: ["a.npy"] },
        },
      ],
    ],
    [
      ["aggregate", "--list", "--json"],
      ["listSteps", { json: true }],
    ],
    [
      ["privacy", "epsilon", "--noise-multiplier", "1.5", ...POISSON],
      ["privacyEpsilon", { ...MECHANISM, noiseMultiplier: 1.5 }],
    ],
    [
      ["privacy", "calibrate", "--epsilon", "2", ...POISSON],
      ["privacyCalibrate", { ...MECHANISM, epsilon: 2 }],
    ],
    [
      ["privacy", "plan", "plan.yaml", "--population", "20"],
      ["privacyPlan", { plan: "plan.yaml", population: 20, json: false }],
    ],
    [
      ["privacy", "show", ...PROFILE],
      ["showPrivacy", { profile, json: false }],
    ],
    [
      ["privacy", "show", "j", ...PROFILE, "--json"],
      ["showPrivacy", { profile, job: "j", json: true }],
    ],
    [
      ["privacy", "budget", "set", ...PROFILE, "--max-epsilon", "2", "--delta", "1e-5", "--reason", "contract"],
      [
        "setCeiling",
        {
          ...{ profile, maxEpsilon: 2, delta: 1e-5, adjacency: "zero-out", client: [], reason: "contract" },
          yes: false,
        },
      ],
    ],
    [
      [
        ...["privacy", "budget", "set", ...PROFILE, "--max-epsilon", "0", "--delta", "0.01", "--reason", "none left"],
        ...["--adjacency", "replace-one", "--client", "north", "east", "--yes"],
      ],
      [
        "setCeiling",
        {
          ...{ profile, maxEpsilon: 0, delta: 0.01, adjacency: "replace-one", reason: "none left" },
          client: ["north", "east"],
          yes: true,
        },
      ],
    ],
    [
      ["privacy", "budget", "lift", ...PROFILE, "--client", "north", "--reason", "left"],
      ["liftCeiling", { profile, client: ["north"], reason: "left" }],
    ],
    [
      ["privacy", "budget", "approve", HEX, ...PROFILE],
      ["approveChange", { profile, change: HEX }],
    ],
    [
      ["admins", "approve", HEX, ...PROFILE],
      ["approveChange", { profile, change: HEX }],
    ],
    [
      ["admins", "keygen", "--out", "anna.key"],
      ["adminKeygen", { out: "anna.key" }],
    ],
    [
      ["admins", "list", ...PROFILE],
      ["listAdmins", { profile }],
    ],
    [
      ["admins", "add", "anna", ...PROFILE, "--public-key", HEX, "--out", "anna.json"],
      ["addAdmin", { profile, name: "anna", publicKey: HEX, out: "anna.json", reason: "registered" }],
    ],
    [
      ["admins", "remove", "anna", ...PROFILE, "--reason", "left"],
      ["removeAdmin", { profile, name: "anna", reason: "left" }],
    ],
  ];
  test.each(parsed)("%j", async ([group = "", ...args], call) => {
    expect(await parser().parse(group, ...args)).toEqual([call]);
  });

  test("every action has its command", () => {
    expect([...new Set(parsed.map(([, [action]]) => action))].sort()).toEqual([...ACTIONS].sort());
  });

  const refused: [string, string[]][] = [
    ["init without a home", ["coordinator", "init", "--name", "n"]],
    ["init without a name", ["coordinator", "init", "--home", "h"]],
    ["serve without a home", ["coordinator", "serve"]],
    ["an unknown level", ["coordinator", "serve", "--home", "h", "--log-level", "loud"]],
    ["start without a plan", ["jobs", "start", ...PROFILE]],
    ["start without a profile", ["jobs", "start", "plan.yaml"]],
    ["two plans", ["jobs", "start", "a.yaml", "b.yaml", ...PROFILE]],
    ["stop without a job", ["jobs", "stop", ...PROFILE]],
    ["invite without a file for the bundle", ["clients", "invite", "north", ...PROFILE]],
    ["0 hours", ["clients", "invite", "north", ...PROFILE, "--out", "b", "--hours", "0"]],
    ["endless hours", ["clients", "invite", "north", ...PROFILE, "--out", "b", "--hours", "Infinity"]],
    ["hours in words", ["clients", "invite", "north", ...PROFILE, "--out", "b", "--hours", "two"]],
    ["revoke without a name", ["clients", "revoke", ...PROFILE]],
    ["download without a file", ["models", "download", "abc", ...PROFILE]],
    ["aggregate without a rule", ["aggregate", "a.json"]],
    ["aggregate without files", ["aggregate", "--rule", "Median"]],
    ["half an attacker", ["aggregate", "--rule", "Median", "--num-byzantine", "0.5", "a.json"]],
    ["fewer than no attackers", ["aggregate", "--rule", "Median", "--num-byzantine", "-1", "a.json"]],
    ["no threads", ["aggregate", "--rule", "Median", "--threads", "0", "a.json"]],
    ["too many threads", ["aggregate", "--rule", "Median", "--threads", "65", "a.json"]],
    ["a ceiling without a reason", ["privacy", "budget", "set", ...PROFILE, "--max-epsilon", "1", "--delta", "0.1"]],
    ["a ceiling below 0", ["privacy", "budget", "set", ...PROFILE, ...CEILING, "--max-epsilon", "-1"]],
    ["a ceiling of nothing", ["privacy", "budget", "set", ...PROFILE, ...CEILING, "--max-epsilon", ""]],
    ["an endless ceiling", ["privacy", "budget", "set", ...PROFILE, ...CEILING, "--max-epsilon", "Infinity"]],
    ["a delta of 1", ["privacy", "budget", "set", ...PROFILE, ...CEILING, "--delta", "1"]],
    ["approval of nothing", ["privacy", "budget", "approve", ...PROFILE]],
    ["approval of half an id", ["privacy", "budget", "approve", "ab12", ...PROFILE]],
    ["an administrator without a key", ["admins", "add", "anna", ...PROFILE, "--out", "anna.json"]],
    [
      "an administrator with half a key",
      ["admins", "add", "anna", ...PROFILE, "--public-key", "ab", "--out", "a.json"],
    ],
    ["an unknown option", ["jobs", "list", ...PROFILE, "--all"]],
    ["an unknown command", ["jobs", "pause", "j", ...PROFILE]],
  ];
  test.each(refused)("%s is refused, and nothing is loaded", async (_what, [group = "", ...args]) => {
    const { parse, loads } = parser();
    await expect(parse(group, ...args)).rejects.toBeInstanceOf(CommanderError);
    expect(loads()).toBe(0);
  });
});
