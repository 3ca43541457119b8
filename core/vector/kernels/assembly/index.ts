// An instance of this module is a panel of ../kernels.ts: `init` comes first. Rows, parameters and results pass through
// its memory; ../wasm-panel.ts is the other side.
export { columns } from "./columns";
export { mix } from "./mix";
export { countsAddress, init, mixedAddress, networkAddress, parametersAddress } from "./panel";
export { rowAddress, valuesAddress } from "./panel";
export { innerProducts, squaredDistances } from "./pairs";
export { countSigns, innerProductWithValues, isFinite, squaredNorm } from "./rows";
export { squaredNormOfSum, weightedSum } from "./sums";
export { weightedColumns } from "./weighted-columns";
