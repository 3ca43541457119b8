import { type ChildProcess, spawn } from "node:child_process";
import { FederationError } from "../../core/errors.ts";

export interface ProgramRun {
  readonly command: string;
  /** Added to our own environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const ON_WINDOWS = process.platform === "win32";
const STDERR_KEPT = 4096;
const SUCCESS = "exit code 0";

/**
 * Runs a program to its end, in a process group of its own. On a timeout or an abort the whole group is killed, and
 * what the program leaves running is ended with it. On Windows the command goes through the shell, which alone finds
 * .cmd and .bat files.
 *
 * @throws TRAINER_FAILED with the end of its error output, unless it exits with 0
 */
export async function runProgram({ command, environment, timeoutMs, signal }: ProgramRun): Promise<void> {
  const [program, ...args] = ON_WINDOWS ? [command] : words(command);
  if (program === undefined) throw failed("the trainer command is empty");
  signal.throwIfAborted();
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
    detached: !ON_WINDOWS,
    shell: ON_WINDOWS,
    windowsHide: true,
  });
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const { ended, errors } = await finished(child, stop);
  if (stop.aborted) throw failed(`"${command}" was stopped: ${reasonOf(stop, timeoutMs)}`);
  if (ended !== SUCCESS) throw failed(`"${command}" ended with ${ended}\n${errors}`.trimEnd());
}

/** How the program ended (exit code, signal or the error that kept it from starting) and its last error output. */
function finished(child: ChildProcess, stop: AbortSignal): Promise<{ ended: string; errors: string }> {
  return new Promise((resolve) => {
    let errors = "";
    const kill = () => killTree(child);
    const done = (ended: string) => {
      stop.removeEventListener("abort", kill);
      resolve({ ended, errors });
    };
    stop.addEventListener("abort", kill, { once: true });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-STDERR_KEPT);
    });
    child.on("error", (error) => done(error.message));
    child.on("exit", kill);
    child.on("close", (code, signal) => done(code === null ? String(signal) : `exit code ${code}`));
  });
}

function reasonOf(stop: AbortSignal, timeoutMs: number): string {
  const { reason } = stop;
  if (reason instanceof Error && reason.name === "TimeoutError") return `it ran longer than ${timeoutMs} ms`;
  return String(reason);
}

/** By the process group that the child leads (POSIX) or by its tree (Windows). */
function killTree({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined) return;
  if (ON_WINDOWS) {
    if (exitCode === null)
      spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore" }).on("error", () => undefined);
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended already.
  }
}

/** Splits at blanks outside single or double quotes. */
export function words(command: string): string[] {
  const matches = command.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  return matches.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

function failed(message: string): FederationError {
  return new FederationError("TRAINER_FAILED", message);
}
