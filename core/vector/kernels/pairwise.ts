import { BLOCK_LENGTH, type Block, TILE_LENGTH } from "./layout.ts";

/**
 * `fast` subtracts, multiplies and adds in float32; `exact` widens every element to float64 before it subtracts.
 * Both keep four lanes, fold them in the order 0 to 3 at the end of a tile and add tiles in float64, so that the bits
 * depend on nothing but the input. Differences are taken before they are squared: |a|^2 + |b|^2 - 2ab cancels.
 */
export type DistancePath = "fast" | "exact";

/** Sums of one tile of two rows, given by the index of their first coordinates. */
interface PairKernel {
  squaredDistance(block: Block, a: number, b: number): number;
  innerProduct(block: Block, a: number, b: number): number;
}

/** Sums over all pairs of rows so far, row-major; only what lies on and above the diagonal is filled. */
export interface PairSums {
  readonly numRows: number;
  readonly squaredDistances: Float64Array;
  readonly innerProducts: Float64Array;
}

/** Adds what the first `length` coordinates of a block contribute to the pairs of row `i` with itself and later rows. */
export function addPairsOf(i: number, block: Block, length: number, path: DistancePath, sums: PairSums): void {
  const { numRows, squaredDistances, innerProducts } = sums;
  const kernel = path === "fast" ? FLOAT32 : FLOAT64;
  for (let j = i; j < numRows; j++) {
    const at = i * numRows + j;
    innerProducts[at] = (innerProducts[at] as number) + overTiles(kernel.innerProduct, block, length, i, j);
    squaredDistances[at] = (squaredDistances[at] as number) + overTiles(kernel.squaredDistance, block, length, i, j);
  }
}

/** A tile of padding alone would add 0. */
function overTiles(sum: PairKernel["innerProduct"], block: Block, length: number, i: number, j: number): number {
  let total = 0;
  for (let tile = 0; tile < length; tile += TILE_LENGTH) {
    total += sum(block, i * BLOCK_LENGTH + tile, j * BLOCK_LENGTH + tile);
  }
  return total;
}

const { fround } = Math;

const FLOAT32: PairKernel = {
  squaredDistance(block, a, b) {
    let lane0 = fround(0);
    let lane1 = fround(0);
    let lane2 = fround(0);
    let lane3 = fround(0);
    for (let i = 0; i < TILE_LENGTH; i += 4) {
      const d0 = fround((block[a + i] as number) - (block[b + i] as number));
      const d1 = fround((block[a + i + 1] as number) - (block[b + i + 1] as number));
      const d2 = fround((block[a + i + 2] as number) - (block[b + i + 2] as number));
      const d3 = fround((block[a + i + 3] as number) - (block[b + i + 3] as number));
      lane0 = fround(lane0 + fround(d0 * d0));
      lane1 = fround(lane1 + fround(d1 * d1));
      lane2 = fround(lane2 + fround(d2 * d2));
      lane3 = fround(lane3 + fround(d3 * d3));
    }
    return lane0 + lane1 + lane2 + lane3;
  },
  innerProduct(block, a, b) {
    let lane0 = fround(0);
    let lane1 = fround(0);
    let lane2 = fround(0);
    let lane3 = fround(0);
    for (let i = 0; i < TILE_LENGTH; i += 4) {
      lane0 = fround(lane0 + fround((block[a + i] as number) * (block[b + i] as number)));
      lane1 = fround(lane1 + fround((block[a + i + 1] as number) * (block[b + i + 1] as number)));
      lane2 = fround(lane2 + fround((block[a + i + 2] as number) * (block[b + i + 2] as number)));
      lane3 = fround(lane3 + fround((block[a + i + 3] as number) * (block[b + i + 3] as number)));
    }
    return lane0 + lane1 + lane2 + lane3;
  },
};

const FLOAT64: PairKernel = {
  squaredDistance(block, a, b) {
    let lane0 = 0;
    let lane1 = 0;
    let lane2 = 0;
    let lane3 = 0;
    for (let i = 0; i < TILE_LENGTH; i += 4) {
      const d0 = (block[a + i] as number) - (block[b + i] as number);
      const d1 = (block[a + i + 1] as number) - (block[b + i + 1] as number);
      const d2 = (block[a + i + 2] as number) - (block[b + i + 2] as number);
      const d3 = (block[a + i + 3] as number) - (block[b + i + 3] as number);
      lane0 += d0 * d0;
      lane1 += d1 * d1;
      lane2 += d2 * d2;
      lane3 += d3 * d3;
    }
    return lane0 + lane1 + lane2 + lane3;
  },
  innerProduct(block, a, b) {
    let lane0 = 0;
    let lane1 = 0;
    let lane2 = 0;
    let lane3 = 0;
    for (let i = 0; i < TILE_LENGTH; i += 4) {
      lane0 += (block[a + i] as number) * (block[b + i] as number);
      lane1 += (block[a + i + 1] as number) * (block[b + i + 1] as number);
      lane2 += (block[a + i + 2] as number) * (block[b + i + 2] as number);
      lane3 += (block[a + i + 3] as number) * (block[b + i + 3] as number);
    }
    return lane0 + lane1 + lane2 + lane3;
  },
};
