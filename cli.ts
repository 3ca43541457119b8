#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { type ClientActions, clientCommands } from "./client/cli.ts";
import { coordinatorCommands } from "./coordinator/cli.ts";
import { FederationError } from "./core/errors.ts";
import { simulationCommands } from "./simulations/cli.ts";

const print = (line: string) => process.stdout.write(`${line}\n`);
const warn = (line: string) => process.stderr.write(`${line}\n`);

function program(): Command {
  const holdfast = new Command("holdfast")
    .description("federated training with signed updates, robust aggregation and differential privacy")
    .version(version());
  for (const group of coordinatorCommands(async () =>
    (await import("./coordinator/commands.ts")).coordinatorActions(print, warn),
  )) {
    holdfast.addCommand(group);
  }
  const client = async () => (await import("./client/commands.ts")).clientActions(print);
  const clientLater = {
    keygen: async (options) => (await client()).keygen(options),
    enroll: async (options) => (await client()).enroll(options),
    run: async (options) => (await client()).run(options),
  } satisfies ClientActions;
  holdfast.addCommand(clientCommands(clientLater));
  for (const group of simulationCommands()) holdfast.addCommand(group);
  return holdfast;
}

/** The package lies one folder up when this file runs from dist. */
function version(): string {
  for (const path of ["./package.json", "../package.json"]) {
    try {
      return String(JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")).version);
    } catch {
      // not there: the next
    }
  }
  return "unknown";
}

try {
  await program().parseAsync();
} catch (error) {
  if (!(error instanceof FederationError)) throw error;
  warn(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
