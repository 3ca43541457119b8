// A module of its own, in a memory that threads share: rows are read where they lie.
export { innerProduct, second, squaredDistances } from "./blocks";
