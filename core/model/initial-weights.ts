import { sha256Bytes } from "../crypto/sha256.ts";
import { seededRandom } from "../random/seeded.ts";
import { numCoordinates, type TensorSchema, type TensorSpec, viewTensors } from "../tensors/schema.ts";

/**
 * Weights that the seed alone fixes, on every machine. Matrices and filters: Glorot uniform (Glorot and Bengio 2010,
 * eq. 16), bound sqrt(6 / (fan in + fan out)). Vectors: 1 where they scale (gamma, moving_variance), else 0.
 *
 * @returns d values in schema order
 */
export function glorotWeights(schema: TensorSchema, seed: number): Float32Array {
  const random = randomOf(seed);
  const weights = new Float32Array(numCoordinates(schema));
  for (const { spec, values } of viewTensors(schema, weights)) {
    if (spec.shape.length < 2) {
      values.fill(isScale(spec) ? 1 : 0);
      continue;
    }
    const bound = glorotBound(spec.shape);
    for (let i = 0; i < values.length; i++) values[i] = bound * (2 * random.uniform() - 1);
  }
  return weights;
}

/** d values, uniform in [low, high), that the seed alone fixes. */
export function uniformWeights(d: number, [low, high]: readonly [number, number], seed: number): Float32Array {
  const random = randomOf(seed);
  return Float32Array.from({ length: d }, () => low + (high - low) * random.uniform());
}

const randomOf = (seed: number) => seededRandom(sha256Bytes("holdfast initial weights", String(seed)));

const isScale = ({ name }: TensorSpec) => /(^|\/)(gamma|moving_variance)$/.test(name);

/** The last two axes are channels in and out, those before them the receptive field. */
function glorotBound(shape: readonly number[]): number {
  const [channelsIn, channelsOut] = shape.slice(-2) as [number, number];
  const receptiveField = shape.slice(0, -2).reduce((product, length) => product * length, 1);
  return Math.sqrt(6 / (receptiveField * (channelsIn + channelsOut)));
}
