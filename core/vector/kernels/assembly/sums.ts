import { BLOCK_LENGTH, TILE_LENGTH } from "./layout";
import { foldExact, storeRounded, widened } from "./lanes";
import { parameters, rowAt, rows, scratch, values } from "./panel";

// One weighted sum of the rows, in float64, rows in ascending order.

/** Coordinates whose sums stay in the nearest cache while one row after the other is added. */
const CHUNK: usize = 1024;
export function sumScratch(): u64 {
  return CHUNK * sizeof<f64>();
}

/** Of `length` coordinates from `start` on, with the coefficients in `parameters`, rounded to float32 into `values`. */
export function weightedSum(start: usize, length: usize, n: usize): void {
  for (let chunk: usize = 0; chunk < length; chunk += CHUNK) {
    const inChunk = min(CHUNK, length - chunk);
    sumChunk(rows, start + chunk, inChunk, parameters, n, scratch);
    for (let i: usize = 0; i < inChunk; i += 2) {
      storeRounded(values + (chunk + i) * sizeof<f32>(), v128.load(scratch + i * sizeof<f64>()));
    }
  }
}

/** Its squared norm over the block from `start` on, before it is rounded. */
export function squaredNormOfSum(start: usize, n: usize): f64 {
  let total: f64 = 0;
  for (let tile = start; tile < start + BLOCK_LENGTH; tile += TILE_LENGTH) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let chunk = tile; chunk < tile + TILE_LENGTH; chunk += CHUNK) {
      sumChunk(rows, chunk, CHUNK, parameters, n, scratch);
      for (let at = scratch; at < scratch + CHUNK * sizeof<f64>(); at += 32) {
        const first = v128.load(at);
        const second = v128.load(at, 16);
        low = f64x2.add(low, f64x2.mul(first, first));
        high = f64x2.add(high, f64x2.mul(second, second));
      }
    }
    total += foldExact(low, high);
  }
  return total;
}

/** `length` is rounded up to whole vectors. */
function sumChunk(addresses: usize, start: usize, length: usize, coefficients: usize, n: usize, sums: usize): void {
  memory.fill(sums, 0, CHUNK * sizeof<f64>());
  for (let i: usize = 0; i < n; i++) {
    const coefficient = load<f64>(coefficients + i * sizeof<f64>());
    if (coefficient !== 0) addRow(rowAt(addresses, i, start), length, coefficient, sums);
  }
}

function addRow(row: usize, length: usize, coefficient: f64, sums: usize): void {
  const factor = f64x2.splat(coefficient);
  for (let i: usize = 0; i < length; i += 4) {
    const at = row + i * sizeof<f32>();
    const sum = sums + i * sizeof<f64>();
    v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(factor, widened(at))));
    v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(factor, widened(at + 8))), 16);
  }
}
