/**
 * What assembly/index.ts exports. A boolean comes back as 0 or 1; addresses are in bytes, `start` and `length` in
 * coordinates.
 */
export interface AssemblyExports {
  numPages(numRows: number, numBlocks: number, numMixed: number, numComparators: number): number;
  init(numRows: number, numBlocks: number, numMixed: number, numComparators: number, page: number): number;
  rowsAddress(): number;
  mixedAddress(): number;
  parametersAddress(): number;
  networkAddress(): number;
  valuesAddress(): number;
  countsAddress(): number;
  isFinite(start: number, length: number, n: number): number;
  squaredNorm(start: number, row: number, exact: boolean): number;
  innerProductWithValues(start: number, row: number): number;
  countSigns(ofMixed: boolean, start: number, row: number, length: number, negative: boolean): number;
  squaredDistances(start: number, n: number, firstRow: number, exact: boolean): number;
  innerProducts(start: number, n: number, firstRow: number, exact: boolean): number;
  weightedSum(start: number, length: number, n: number): void;
  squaredNormOfSum(start: number, n: number): number;
  mix(start: number, length: number, numOutputs: number, n: number): void;
  columns(
    ofMixed: boolean,
    start: number,
    n: number,
    length: number,
    statistic: number,
    trim: number,
    keep: number,
    counting: boolean,
  ): void;
  weightedColumns(
    ofMixed: boolean,
    start: number,
    n: number,
    length: number,
    trimmed: boolean,
    trimWeight: number,
    counting: boolean,
  ): void;
}
