/** What assembly/index.ts exports. A boolean comes back as 0 or 1; addresses are in bytes. */
export interface AssemblyExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(numRows: number, numBlocks: number, numMixed: number, numComparators: number): number;
  rowAddress(row: number, block: number): number;
  mixedAddress(row: number): number;
  parametersAddress(): number;
  networkAddress(): number;
  valuesAddress(): number;
  countsAddress(): number;
  isFinite(block: number, row: number): number;
  squaredNorm(block: number, row: number): number;
  innerProductWithValues(block: number, row: number): number;
  countSigns(block: number, row: number, length: number, negative: boolean): number;
  squaredDistances(block: number, n: number, firstRow: number, exact: boolean): number;
  innerProducts(block: number, n: number, firstRow: number, exact: boolean): number;
  weightedSum(block: number, n: number): void;
  squaredNormOfSum(block: number, n: number): number;
  mix(block: number, numOutputs: number, n: number): void;
  columns(
    block: number,
    mixed: boolean,
    n: number,
    length: number,
    statistic: number,
    trim: number,
    keep: number,
    counting: boolean,
  ): void;
  weightedColumns(
    block: number,
    mixed: boolean,
    n: number,
    length: number,
    trimmed: boolean,
    trimWeight: number,
    counting: boolean,
  ): void;
}
