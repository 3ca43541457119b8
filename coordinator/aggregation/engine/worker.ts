import { move, transferableSymbol, valueSymbol } from "piscina";
import { FederationError } from "../../../core/errors.ts";
import { wasmKernels } from "../../../core/vector/kernels/wasm-kernels.ts";
import type { MixedGeometry } from "../mixed-geometry.ts";
import type { Combination } from "../rule.ts";
import { type Combining, combineAsTold, mixHere, type ToMix } from "./combine.ts";
import { pieceKernels, runPiece } from "./run-piece.ts";
import type { Part, Piece } from "./tasks.ts";
import type { Reply } from "./worker-engine.ts";

// The thread behind worker-engine.ts.

const kernels = pieceKernels(wasmKernels());

/** The arrays of the part are moved, not copied. */
export function run(piece: Piece): unknown {
  try {
    const result = runPiece(piece, kernels);
    const buffers = [...result.sums, ...result.values].map(({ buffer }) => buffer);
    return move({ [transferableSymbol]: buffers, [valueSymbol]: { result } satisfies Reply<Part> });
  } catch (error) {
    return failed(error);
  }
}

export async function combine(combining: Combining): Promise<Reply<Combination>> {
  try {
    return { result: await combineAsTold(combining) };
  } catch (error) {
    return failed(error);
  }
}

export async function mix({ geometry, mixing, numUpdates }: ToMix): Promise<Reply<MixedGeometry>> {
  return { result: await mixHere(geometry, mixing, numUpdates) };
}

/** On its way an error would lose its class. */
function failed(error: unknown): Reply<never> {
  const code = error instanceof FederationError ? error.code : "AGGREGATION_FAILED";
  const message = error instanceof Error ? error.message : String(error);
  return { failure: { code, message } };
}
