import { BLOCK_LENGTH, TILE_LENGTH } from "./layout";
import { foldExact, storeRounded, widened } from "./lanes";
import { mixedAddress, parameters, rowAddress, rowStride, scratch, values } from "./panel";

// One weighted sum of the rows of a block, in float64, rows in ascending order.

/** Coordinates whose sums stay in the nearest cache while one row after the other is added. */
const CHUNK: usize = 1024;
export function sumScratch(): u64 {
  return CHUNK * sizeof<f64>();
}

/** The sum, with the coefficients in `parameters`, rounded to float32 into `values`. */
export function weightedSum(block: usize, n: usize): void {
  for (let chunk: usize = 0; chunk < BLOCK_LENGTH; chunk += CHUNK) {
    sumChunk(rowAddress(0, block) + chunk * sizeof<f32>(), rowStride, parameters, n, scratch);
    for (let i: usize = 0; i < CHUNK; i += 2) {
      storeRounded(values + (chunk + i) * sizeof<f32>(), v128.load(scratch + i * sizeof<f64>()));
    }
  }
}

/** Its squared norm before it is rounded. */
export function squaredNormOfSum(block: usize, n: usize): f64 {
  let total: f64 = 0;
  for (let tile: usize = 0; tile < BLOCK_LENGTH; tile += TILE_LENGTH) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let chunk: usize = tile; chunk < tile + TILE_LENGTH; chunk += CHUNK) {
      sumChunk(rowAddress(0, block) + chunk * sizeof<f32>(), rowStride, parameters, n, scratch);
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

function sumChunk(rows: usize, stride: usize, coefficients: usize, n: usize, sums: usize): void {
  memory.fill(sums, 0, CHUNK * sizeof<f64>());
  for (let i: usize = 0; i < n; i++) {
    const coefficient = load<f64>(coefficients + i * sizeof<f64>());
    if (coefficient !== 0) addRow(rows + i * stride, coefficient, sums);
  }
}

function addRow(row: usize, coefficient: f64, sums: usize): void {
  const factor = f64x2.splat(coefficient);
  for (let i: usize = 0; i < CHUNK; i += 4) {
    const at = row + i * sizeof<f32>();
    const sum = sums + i * sizeof<f64>();
    v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(factor, widened(at))));
    v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(factor, widened(at + 8))), 16);
  }
}
