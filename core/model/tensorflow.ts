/** The one door to TensorFlow.js. Backends and Layers come on request: a process pays only for what it uses. */
export * as tf from "@tensorflow/tfjs-core";

export const loadWasmBackend = () => import("@tensorflow/tfjs-backend-wasm");
export const loadCpuBackend = () => import("@tensorflow/tfjs-backend-cpu");
export const loadLayers = () => import("@tensorflow/tfjs-layers");

/** Registers the native backend as "tensorflow"; rejects where its library is not installed or does not load. */
export function loadNativeBackend(): Promise<unknown> {
  const optional: string = "@tensorflow/tfjs-node";
  return import(optional);
}
