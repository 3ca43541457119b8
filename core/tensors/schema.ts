import { FederationError } from "../errors.ts";

/** One tensor of a model: its name and shape. Every value is a float32. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The tensors of a model in payload order. */
export type TensorSchema = readonly TensorSpec[];

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** d, the number of float32 values of a model. */
export function numCoordinates(schema: TensorSchema): number {
  return schema.reduce((sum, tensor) => sum + sizeOf(tensor.shape), 0);
}

/** Cuts a flat vector of d values into views, one per tensor; nothing is copied. */
export function viewTensors(schema: TensorSchema, values: Float32Array): { spec: TensorSpec; values: Float32Array }[] {
  if (values.length !== numCoordinates(schema)) {
    throw new FederationError("SCHEMA_MISMATCH", `${values.length} values for a schema of ${numCoordinates(schema)}`);
  }
  let offset = 0;
  return schema.map((spec) => {
    const length = sizeOf(spec.shape);
    const view = { spec, values: values.subarray(offset, offset + length) };
    offset += length;
    return view;
  });
}
