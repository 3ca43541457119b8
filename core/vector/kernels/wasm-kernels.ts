import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Kernels } from "./kernels.ts";
import { WasmPanel } from "./wasm-panel.ts";

/**
 * The kernels in WebAssembly SIMD (assembly/), bit for bit those of plain-kernels.ts. The module, of a few kilobytes, is
 * read and compiled here, before this returns: call it once in every thread.
 */
export function wasmKernels(): Kernels {
  const module = new WebAssembly.Module(readFileSync(createRequire(import.meta.url).resolve("#kernels.wasm")));
  return { name: "wasm", panel: (size) => new WasmPanel(module, size) };
}
