import { setImmediate } from "node:timers/promises";
import type { Kernels } from "../../../core/vector/kernels/kernels.ts";
import { combineHere, mixHere } from "./combine.ts";
import type { Engine } from "./engine.ts";
import { type Executor, PiecewiseEngine } from "./piecewise-engine.ts";
import { pieceKernels, runPiece } from "./run-piece.ts";

/**
 * Works in this thread, one block of rows in memory at a time or what is read of files at once, and lets the coordinator
 * answer its clients in between.
 */
export function inlineEngine({ kernels }: { readonly kernels: Kernels }): Engine {
  const executor = inlineExecutor(kernels);
  return new PiecewiseEngine(() => executor, { combine: combineHere, mix: mixHere, close: async () => undefined });
}

export function inlineExecutor(kernels: Kernels): Executor {
  const ofPieces = pieceKernels(kernels);
  return {
    async run(piece) {
      await setImmediate();
      return runPiece(piece, ofPieces);
    },
    numAhead: 1,
    pieceBlocks: () => 1,
    prepared: (sources) => sources,
    floats: (length) => new Float32Array(length),
    roomFor: (_, numCoordinates) => ({
      row: () => ({ kind: "memory", values: new Float32Array(numCoordinates) }),
      close: () => undefined,
    }),
  };
}
