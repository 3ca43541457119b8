import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { readerInPlace } from "./in-place.ts";
import type { Kernels } from "./kernels.ts";
import { panelsWithMemory } from "./wasm-panel.ts";

/**
 * The kernels in WebAssembly SIMD (assembly/), bit for bit those of plain-kernels.ts. The modules, of a few kilobytes, are
 * read and compiled here, before this returns: call it once in every thread.
 *
 * They are the same source twice, because a module is compiled for memory that threads share or for memory of its own,
 * and of what is shared the garbage collector does not see how large it is: panels would pile up.
 */
export function wasmKernels(): Kernels {
  return {
    name: "wasm",
    panel: panelsWithMemory(moduleOf("#kernels.wasm")),
    inPlace: readerInPlace(moduleOf("#in-place.wasm")),
  };
}

function moduleOf(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(createRequire(import.meta.url).resolve(name)));
}
