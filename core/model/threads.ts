import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/**
 * Starts a worker file of this folder, named without its extension. Built, it is a .js file. Under tsx and vitest it is
 * a .ts file, which a thread cannot start with.
 */
export function startThread(name: "evaluator-worker" | "training-worker", data: unknown): Worker {
  const isBuilt = extname(fileURLToPath(import.meta.url)) === ".js";
  if (isBuilt) return new Worker(new URL(`./${name}.js`, import.meta.url), { workerData: data });
  const url = new URL(`./${name}.ts`, import.meta.url);
  const source = `import("tsx/esm/api").then(({ register }) => { register(); return import("${url}"); })`;
  return new Worker(source, { eval: true, workerData: data });
}
