import { defineConfig } from "vitest/config";

/**
 * Files that put something in a module's place, look at what a module does when it is loaded first, or leave TensorFlow.js
 * on another backend.
 */
const OWN_MODULES = [
  "core/model/backends.test.ts",
  "core/model/{network,layers-model,convolutional-layers,wasm-kernels}.test.ts",
  "core/tensors/digest.test.ts",
  "coordinator/rounds/slow-evaluation.test.ts",
];
const TESTS = ["{core,client,coordinator,proto,simulations,tests}/**/*.test.ts", "*.test.ts"];
const NOT_OURS = ["**/node_modules/**", "dist/**"];

export default defineConfig({
  test: {
    // by default one core is left idle, which on two is half of the machine
    maxWorkers: "100%",
    setupFiles: ["tests/setup.ts"],
    // for a busy machine: what passes does not wait for them
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      // modules hold no state, so that loading them once for many files saves a third of the time
      {
        extends: true,
        test: { name: "shared", isolate: false, include: TESTS, exclude: [...NOT_OURS, ...OWN_MODULES] },
      },
      { extends: true, test: { name: "own", include: OWN_MODULES } },
    ],
  },
});
