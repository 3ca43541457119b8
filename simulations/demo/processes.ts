import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { FederationError } from "../../core/errors.ts";

/** The processes of one consortium: started together, watched together, and never outliving this one. */
export interface Processes {
  /** Aborted, with the tail of its log in the reason, when a process ends that was not told to. */
  readonly failed: AbortSignal;
  /** Starts a process that is meant to run until `stopAll`. */
  start(job: ProcessSettings): void;
  /** Runs one to its end. @throws PROCESS_FAILED with the tail of its log */
  run(job: ProcessSettings): Promise<void>;
  /**
   * SIGTERM to each by its pid and to what it started, SIGKILL to whoever is left after the grace; resolves when all
   * are gone. Windows has no such signals: there each is ended at once.
   */
  stopAll(): Promise<void>;
}

export interface ProcessSettings {
  /** What people call it in messages. */
  readonly name: string;
  /** A module of ours without its extension, relative to the repository or to dist, such as "cli". */
  readonly module: string;
  readonly args: readonly string[];
  /** Gets everything the process prints. */
  readonly logPath: string;
  readonly onLine?: (line: string) => void;
}

const GRACE_MS = 5_000;
const TAIL_LINES = 15;

/** @param env environment variables that every process gets besides this one's own */
export function processes(env: Readonly<Record<string, string>> = {}, graceMs = GRACE_MS): Processes {
  const failed = new AbortController();
  const running = new Map<ChildProcess, Promise<void>>();
  let stopping = false;

  /** Resolves with what is to be said about how the process ended; undefined when it ended well. */
  async function ended(child: ChildProcess, { name, logPath }: ProcessSettings): Promise<string | undefined> {
    const how = await howItEnded(child);
    running.delete(child);
    return how === undefined ? undefined : `${name} ${how}\n${await tailOf(logPath)}`;
  }

  function launch(job: ProcessSettings): Promise<string | undefined> {
    const child = spawn(process.execPath, commandLine(job), {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // A process group of its own: Ctrl-C reaches this process alone, which then ends the others in order.
      detached: process.platform !== "win32",
      windowsHide: true,
      env: { ...process.env, ...env },
    });
    record(child, job);
    const end = ended(child, job);
    running.set(
      child,
      end.then(() => undefined),
    );
    return end;
  }

  return {
    failed: failed.signal,
    start: (job) => {
      void launch(job).then((trouble) => {
        if (!stopping) failed.abort(new FederationError("PROCESS_FAILED", trouble ?? `${job.name} ended by itself`));
      });
    },
    run: async (job) => {
      const trouble = await launch(job);
      if (trouble !== undefined) throw new FederationError("PROCESS_FAILED", trouble);
    },
    stopAll: async () => {
      stopping = true;
      for (const child of running.keys()) signalTree(child, "SIGTERM");
      const timer = setTimeout(() => {
        for (const child of running.keys()) signalTree(child, "SIGKILL");
      }, graceMs);
      await Promise.all(running.values());
      clearTimeout(timer);
    },
  };
}

/** A negative pid names the process group that the child leads. */
function signalTree(child: ChildProcess, signal: NodeJS.Signals): void {
  if (process.platform === "win32" || child.pid === undefined) {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

/** From the sources a module is loaded through tsx, from dist as it is. */
function commandLine({ module, args }: ProcessSettings): string[] {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const urlOf = (name: string) => new URL(`../../${name}${extension}`, import.meta.url);
  const loader = extension === ".ts" ? ["--import", urlOfPackage("tsx")] : [];
  const followParent = urlOf("simulations/demo/follow-parent").href;
  return [...loader, "--import", followParent, fileURLToPath(urlOf(module)), ...args];
}

/** Found from here, whatever folder the demo is run in. */
function urlOfPackage(name: string): string {
  return pathToFileURL(createRequire(import.meta.url).resolve(name)).href;
}

function record(child: ChildProcess, { logPath, onLine }: ProcessSettings): void {
  const log = createWriteStream(logPath, { flags: "a" });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.once("close", () => log.end());
  if (child.stdout !== null && onLine !== undefined) createInterface(child.stdout).on("line", onLine);
}

function howItEnded(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (cause) => resolve(`could not be started: ${cause.message}`));
    child.once("close", (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

async function tailOf(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.trim() === "") return "  (it printed nothing)";
  const lines = text.trimEnd().split("\n").slice(-TAIL_LINES);
  return lines.map((line) => `  | ${line}`).join("\n");
}
