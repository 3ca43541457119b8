import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/**
 * The program of a thread, beside the module that starts it: a .js file when built, a .ts file under tsx and vitest.
 * @param of the module's import.meta.url
 */
export function threadProgram(name: string, of: string): URL {
  return new URL(`./${name}${extname(fileURLToPath(of))}`, of);
}

/** A thread cannot start with TypeScript, but it can import it. */
export function startThread(program: URL, workerData?: unknown): Worker {
  if (!isSource(program)) return new Worker(program, { workerData });
  const source = `import("tsx/esm/api").then(({ register }) => { register(); return import("${program}"); })`;
  return new Worker(source, { eval: true, workerData });
}

/** With which options the threads of a pool import that program. */
export function poolOptions(program: URL): { execArgv?: string[] } {
  return isSource(program) ? { execArgv: ["--import", "tsx"] } : {};
}

function isSource(program: URL): boolean {
  return extname(program.pathname) === ".ts";
}
