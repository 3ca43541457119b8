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
    privacy: async (options) => (await client()).privacy(options),
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

/** Errors of ours, and of the file system, are for people; anything else is a defect and shows its stack. */
function explain(error: unknown): string {
  if (error instanceof FederationError) return `${error.code}: ${error.message}`;
  if (error instanceof Error && "syscall" in error) return `STORAGE_FAILED: ${error.message}`;
  throw error;
}

// whoever reads our output may stop reading: `holdfast jobs watch ... | head`
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  warn(`STORAGE_FAILED: cannot write the output: ${error.message}`);
  process.exit(1);
});
try {
  await program().parseAsync();
} catch (error) {
  warn(explain(error));
  process.exitCode = 1;
}
