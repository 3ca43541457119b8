// An instance of this module works on the rows of one memory, which may be its own or one that threads share: `init` comes
// first. Rows, parameters and results pass through that memory; ../wasm-panel.ts is the other side.
export { columns } from "./columns";
export { mix } from "./mix";
export { countsAddress, init, mixedAddress, networkAddress, parametersAddress } from "./panel";
export { numPages, rowsAddress, valuesAddress } from "./panel";
export { innerProducts, squaredDistances } from "./pairs";
export { countSigns, innerProductWithValues, isFinite, squaredNorm } from "./rows";
export { squaredNormOfSum, weightedSum } from "./sums";
export { weightedColumns } from "./weighted-columns";
