import { FederationError } from "../../errors.ts";
import type { AssemblyExports } from "./assembly-exports.ts";
import type { BlockPairs, ColumnKernel, ColumnSource, Panel, PanelSize } from "./kernels.ts";
import { BLOCK_LENGTH, MAX_PAIRED_ROWS, TILE_LENGTH } from "./layout.ts";
import type { DistancePath } from "./pairwise.ts";
import { maxComparators, sortingNetwork } from "./sorting-network.ts";

/**
 * Makes panels with memory of their own. It has its full size from the beginning: to grow it would detach a buffer, after
 * which V8 guards every access to any typed array of the thread.
 * @throws PANEL_TOO_LARGE beyond the 4 GiB that WebAssembly can address, or that this machine gives
 */
export function panelsWithMemory(module: WebAssembly.Module): (size: PanelSize) => WasmPanel {
  const asked = instanceIn(module, new WebAssembly.Memory({ initial: 0 }));
  return (size) => {
    const initial = asked.numPages(...layoutOf(size));
    if (initial < 0) throw tooLarge(size);
    try {
      return new WasmPanel(module, new WebAssembly.Memory({ initial }), size, 0);
    } catch (error) {
      throw error instanceof RangeError ? tooLarge(size) : error;
    }
  };
}

/** The numbers of assembly/columns.ts. */
const STATISTICS = { median: 0, trimmedMean: 1, meanAroundMedian: 2, meanAroundTrimmedMean: 3 } as const;

/** Rows that assembly/sort.ts sorts in registers; its network sorts blocks of so many. */
const BLOCK_ROWS = 4;

type Unweighted = Exclude<ColumnKernel, { readonly weights: Float64Array }>;

/** What an instance of the module reads, in one memory. */
export class WasmPanel implements Panel {
  readonly numRows: number;
  readonly numMixed: number;
  /** Where its region of the memory begins. */
  readonly firstPage: number;
  #numBlocks: number;
  readonly #wasm: AssemblyExports;
  readonly #buffer: ArrayBuffer | SharedArrayBuffer;
  readonly #rows: Uint32Array;
  readonly #mixed: Uint32Array;
  readonly #parameters: Float64Array;
  readonly #values: Float32Array;
  readonly #counts: Uint32Array;
  /** What the network in memory sorts. */
  #network = NO_NETWORK;

  /**
   * Takes memory for rows of so many blocks, and none for rows without blocks: those are to be placed.
   * @param page where its region of the memory begins, once laid out for a panel of this size; without it, takes a new one
   * @throws PANEL_TOO_LARGE beyond the 4 GiB that WebAssembly can address, or that this machine gives
   */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, size: PanelSize, page = -1) {
    const { numRows, numBlocks, numMixed } = size;
    this.numRows = numRows;
    this.numMixed = numMixed;
    this.#numBlocks = numBlocks;
    this.#wasm = instanceIn(module, memory);
    this.firstPage = this.#wasm.init(...layoutOf(size), page);
    if (this.firstPage < 0) throw tooLarge(size);
    this.#buffer = memory.buffer;
    const most = Math.max(numRows, numMixed);
    const numParameters = Math.max(numRows * numMixed, 2 * most);
    this.#rows = new Uint32Array(this.#buffer, address(this.#wasm.rowsAddress()), numRows);
    this.#mixed = new Uint32Array(this.#buffer, address(this.#wasm.mixedAddress()), numMixed);
    this.#parameters = new Float64Array(this.#buffer, address(this.#wasm.parametersAddress()), numParameters);
    this.#values = new Float32Array(this.#buffer, address(this.#wasm.valuesAddress()), BLOCK_LENGTH);
    this.#counts = new Uint32Array(this.#buffer, address(this.#wasm.countsAddress()), most);
  }

  get numBlocks(): number {
    return this.#numBlocks;
  }

  /** From now on its rows are those at these addresses of the memory; others may have used its region meanwhile. */
  place(addresses: readonly number[], numBlocks: number): void {
    this.#rows.set(addresses);
    this.#numBlocks = numBlocks;
    this.#network = NO_NETWORK;
  }

  row(index: number): Float32Array {
    return new Float32Array(this.#buffer, this.#rows[index], this.#numBlocks * BLOCK_LENGTH);
  }

  mixedRow(index: number): Float32Array {
    return new Float32Array(this.#buffer, this.#mixed[index], TILE_LENGTH);
  }

  isFinite(start: number, length: number, numRows: number): boolean {
    return Boolean(this.#wasm.isFinite(start, length, numRows));
  }

  pairs(start: number, numRows: number, firstRow: number, path: DistancePath, into: BlockPairs): void {
    if (this.numRows > MAX_PAIRED_ROWS) throw tooManyPairs(this.numRows);
    const exact = path === "exact";
    const distances = this.#wasm.squaredDistances(start, numRows, firstRow, exact);
    this.#takePairs(distances, numRows, firstRow, into.squaredDistances);
    for (let i = firstRow; i < numRows; i++) {
      if ("squaredNorms" in into) into.squaredNorms[i] = into.squaredDistances[i * numRows + i] as number;
      into.squaredDistances[i * numRows + i] = 0;
    }
    if ("squaredNorms" in into) return;
    const products = this.#wasm.innerProducts(start, numRows, firstRow, exact);
    this.#takePairs(products, numRows, firstRow, into.innerProducts);
  }

  #takePairs(sums: number, numRows: number, firstRow: number, into: Float64Array): void {
    const ofBlock = new Float64Array(this.#buffer, address(sums), numRows * numRows);
    for (let i = 0; i < numRows; i++) {
      const row = ofBlock.subarray(i * numRows + Math.max(i, firstRow), (i + 1) * numRows);
      into.set(row, i * numRows + Math.max(i, firstRow));
    }
  }

  squaredNorms(start: number, path: DistancePath, into: Float64Array): void {
    for (let i = 0; i < into.length; i++) into[i] = this.#wasm.squaredNorm(start, i, path === "exact");
  }

  weightedSum(start: number, coefficients: Float64Array, into: Float32Array): void {
    this.#parameters.set(coefficients);
    this.#wasm.weightedSum(start, into.length, coefficients.length);
    into.set(this.#values.subarray(0, into.length));
  }

  squaredNormOfSum(start: number, coefficients: Float64Array): number {
    this.#parameters.set(coefficients);
    return this.#wasm.squaredNormOfSum(start, coefficients.length);
  }

  mix(start: number, length: number, mixing: Float64Array, numOutputs: number, numRows: number): void {
    this.#parameters.set(mixing.subarray(0, numOutputs * numRows));
    this.#wasm.mix(start, length, numOutputs, numRows);
  }

  columns(
    source: ColumnSource,
    numRows: number,
    kernel: ColumnKernel,
    into: Float32Array,
    outside?: Float64Array,
  ): void {
    const { ofMixed, start } = placeOf(source);
    const counting = outside !== undefined;
    this.#counts.fill(0);
    if ("weights" in kernel) {
      this.#useNetwork({ numRows, from: 0, to: numRows });
      this.#sortWeights(kernel.weights.subarray(0, numRows));
      const trimWeight = "trimWeight" in kernel ? kernel.trimWeight : 0;
      this.#wasm.weightedColumns(ofMixed, start, numRows, into.length, "trimWeight" in kernel, trimWeight, counting);
    } else {
      this.#useNetwork(placesRead(kernel, numRows));
      const trim = "trim" in kernel ? kernel.trim : 0;
      const keep = "keep" in kernel ? kernel.keep : 0;
      this.#wasm.columns(ofMixed, start, numRows, into.length, STATISTICS[kernel.kernel], trim, keep, counting);
    }
    into.set(this.#values.subarray(0, into.length));
    if (counting) addTo(outside, this.#counts.subarray(0, numRows));
  }

  innerProductsWith(start: number, vector: Float32Array, into: Float64Array): void {
    this.#values.fill(0, vector.length).set(vector);
    for (let i = 0; i < into.length; i++) into[i] = this.#wasm.innerProductWithValues(start, i);
  }

  countSigns(source: ColumnSource, length: number, positive: Float64Array, negative: Float64Array): void {
    const { ofMixed, start } = placeOf(source);
    for (let i = 0; i < positive.length; i++) {
      positive[i] = (positive[i] as number) + this.#wasm.countSigns(ofMixed, start, i, length, false);
      negative[i] = (negative[i] as number) + this.#wasm.countSigns(ofMixed, start, i, length, true);
    }
  }

  /** The weights in ascending order, and behind them for each row the place of its own. */
  #sortWeights(weights: Float64Array): void {
    const rows = [...weights.keys()].sort((a, b) => (weights[a] as number) - (weights[b] as number));
    const behind = this.#parameters.subarray(weights.length);
    const places = new Uint32Array(this.#buffer, behind.byteOffset, weights.length);
    for (const [place, row] of rows.entries()) {
      this.#parameters[place] = weights[row] as number;
      places[row] = place;
    }
  }

  #useNetwork(places: SortedPlaces): void {
    const { numRows, from, to } = this.#network;
    if (places.numRows === numRows && places.from === from && places.to === to) return;
    const numBlocks = Math.ceil(places.numRows / BLOCK_ROWS);
    const network = sortingNetwork(numBlocks, Math.floor(places.from / BLOCK_ROWS), Math.ceil(places.to / BLOCK_ROWS));
    const start = address(this.#wasm.networkAddress());
    const memory = new Uint32Array(this.#buffer, start, 1 + network.length);
    memory[0] = network.length / 2;
    memory.set(network, 1);
    this.#network = places;
  }
}

const NO_NETWORK: SortedPlaces = { numRows: 0, from: 0, to: 0 };

function placeOf(source: ColumnSource): { readonly ofMixed: boolean; readonly start: number } {
  return source === "mixed" ? { ofMixed: true, start: 0 } : { ofMixed: false, start: source.start };
}

/** Of `numRows` sorted values, those that are read. */
interface SortedPlaces {
  readonly numRows: number;
  readonly from: number;
  readonly to: number;
}

function placesRead(kernel: Unweighted, numRows: number): SortedPlaces {
  switch (kernel.kernel) {
    case "median":
      return { numRows, from: (numRows - 1) >> 1, to: (numRows >> 1) + 1 };
    case "trimmedMean":
      return { numRows, from: kernel.trim, to: numRows - kernel.trim };
    default:
      return { numRows, from: 0, to: numRows };
  }
}

function addTo(total: Float64Array, counts: Uint32Array): void {
  for (const [i, count] of counts.entries()) total[i] = (total[i] as number) + count;
}

type Layout = readonly [numRows: number, numBlocks: number, numMixed: number, numComparators: number];

/** The arguments that say how large a region is. */
function layoutOf({ numRows, numBlocks, numMixed }: PanelSize): Layout {
  return [numRows, numBlocks, numMixed, maxComparators(Math.ceil(Math.max(numRows, numMixed) / BLOCK_ROWS))];
}

function instanceIn(module: WebAssembly.Module, memory: WebAssembly.Memory): AssemblyExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as AssemblyExports;
}

function tooManyPairs(numRows: number): FederationError {
  return new FederationError("PANEL_TOO_LARGE", `a panel of ${numRows} rows has no memory for their pairs`);
}

function tooLarge({ numRows, numBlocks, numMixed }: PanelSize): FederationError {
  const what = `${numRows} rows of ${numBlocks} blocks and ${numMixed} mixed rows`;
  return new FederationError("PANEL_TOO_LARGE", `no memory for a panel of ${what}`);
}

/** A 32-bit address comes back as a signed number. */
function address(signed: number): number {
  return signed >>> 0;
}
