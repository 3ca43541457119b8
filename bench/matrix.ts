import { closeSync, openSync, writeSync } from "node:fs";
import { bytesOf } from "../core/tensors/digest.ts";
import { npyHeader } from "../core/tensors/npy.ts";

const CHUNK = 1 << 18;
/** Standard deviation of the sum of four 16-bit numbers. */
const SPREAD = 65_536 * Math.sqrt(4 / 12);
const MEAN = 2 * 65_535;

/** A matrix of numbers that are nearly normal, of mean 0 and variance 1, the same in every run. */
export function writeMatrix(path: string, numRows: number, numColumns: number, firstRow = 0): void {
  const file = openSync(path, "wx");
  try {
    writeSync(file, npyHeader(numRows === 1 ? [numColumns] : [numRows, numColumns]));
    const chunk = new Float32Array(CHUNK);
    for (let row = 0; row < numRows; row++) {
      let state = Math.imul(firstRow + row + 1, 0x632be5ab);
      for (let start = 0; start < numColumns; start += CHUNK) {
        const part = chunk.subarray(0, Math.min(CHUNK, numColumns - start));
        state = fill(part, state);
        writeAll(file, bytesOf(part));
      }
    }
  } finally {
    closeSync(file);
  }
}

/** By the central limit theorem from two hashes of a counter; returns the counter. */
function fill(values: Float32Array, start: number): number {
  let state = start;
  for (let i = 0; i < values.length; i++) {
    state = (state + 0x9e3779b9) | 0;
    const a = mix(state);
    const b = mix(a ^ 0x5bd1e995);
    values[i] = ((a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16) - MEAN) / SPREAD;
  }
  return state;
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}
