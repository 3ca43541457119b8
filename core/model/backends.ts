import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { FederationError } from "../errors.ts";
import { loadCpuBackend, loadNativeBackend, loadWasmBackend, tf } from "./tensorflow.ts";
import { registerWasmKernels } from "./wasm-kernels.ts";

/** In order of preference: native code, WebAssembly, plain JavaScript. */
const BACKENDS = ["tensorflow", "wasm", "cpu"] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface Backend {
  readonly name: BackendName;
  /** One line for people, said at start-up. */
  readonly description: string;
}

const STARTERS: Record<BackendName, () => Promise<boolean>> = {
  tensorflow: async () => {
    await loadNativeBackend();
    return await tf.setBackend("tensorflow");
  },
  wasm: startWasm,
  cpu: async () => {
    await loadCpuBackend();
    return await tf.setBackend("cpu");
  },
};

const DESCRIPTIONS: Record<BackendName, string> = {
  tensorflow: "native TensorFlow",
  wasm: "WebAssembly, one thread",
  cpu: "plain JavaScript, slow",
};

/** TensorFlow.js has one engine per process, which loses its way when it is started twice at once: starts queue. */
let lastStart: Promise<unknown> = Promise.resolve();

/**
 * Starts the best TensorFlow.js backend that works here, once per process; later calls return the running one.
 *
 * @param forced the one backend to use: "tensorflow", "wasm" or "cpu"
 * @throws CONFIG_INVALID for another name, BACKEND_UNAVAILABLE when none (or not the forced one) starts
 */
export function startBackend(forced: string | undefined = process.env["HOLDFAST_BACKEND"]): Promise<Backend> {
  const start = lastStart.then(() => startOrFind(forced));
  lastStart = start.catch(() => undefined);
  return start;
}

async function startOrFind(forced: string | undefined): Promise<Backend> {
  const wanted = BACKENDS.filter((name) => !forced || name === forced);
  if (wanted.length === 0) {
    throw new FederationError("CONFIG_INVALID", `HOLDFAST_BACKEND is "${forced}", not one of ${BACKENDS.join(", ")}`);
  }
  const running = wanted.find((name) => name === tf.getBackend());
  if (running !== undefined) return describe(running, forced);

  tf.enableProdMode();
  const failures: string[] = [];
  for (const name of wanted) {
    try {
      if (await STARTERS[name]()) return describe(name, forced);
      failures.push(`${name}: did not start`);
    } catch (cause) {
      failures.push(`${name}: ${String(cause)}`);
    }
  }
  throw new FederationError("BACKEND_UNAVAILABLE", failures.join("; "));
}

/** One thread: its order of additions is fixed, so the same seed and data give the same bits. */
async function startWasm(): Promise<boolean> {
  const wasm = await loadWasmBackend();
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(join(dirname(entry), sep));
  wasm.setThreadsCount(1);
  registerWasmKernels();
  return await withoutNewListeners(() => tf.setBackend("wasm"));
}

/** Emscripten's loader rethrows every uncaught error of the process from inside its own minified file. */
async function withoutNewListeners<T>(start: () => Promise<T>): Promise<T> {
  const own = new Set<unknown>([...process.listeners("uncaughtException"), ...process.listeners("unhandledRejection")]);
  const result = await start();
  for (const it of process.listeners("uncaughtException")) if (!own.has(it)) process.off("uncaughtException", it);
  for (const it of process.listeners("unhandledRejection")) if (!own.has(it)) process.off("unhandledRejection", it);
  return result;
}

function describe(name: BackendName, forced: string | undefined): Backend {
  const reason = forced ? "chosen by HOLDFAST_BACKEND" : "@tensorflow/tfjs-node is not available here";
  const why = name === "tensorflow" && !forced ? "" : `; ${reason}`;
  return { name, description: `TensorFlow.js ${tf.version_core}, ${DESCRIPTIONS[name]}${why}` };
}
