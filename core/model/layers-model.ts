import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FederationError } from "../errors.ts";
import { isBuiltin, type Plan } from "../plan.ts";
import { floatsOf } from "../tensors/digest.ts";
import { numCoordinates, type TensorSchema, viewTensors } from "../tensors/schema.ts";
import { builtinSchema } from "./builtin.ts";
import { glorotWeights } from "./initial-weights.ts";
import { type LayersTopology, parseTopology } from "./layers-topology.ts";

export interface LayersModelFile {
  /** The bytes of model.json; their SHA-256 names the model in the plan. */
  readonly topology: Uint8Array;
  readonly schema: TensorSchema;
  /** d values in schema order; undefined where model.json comes without weights. */
  readonly weights: Float32Array | undefined;
}

/**
 * Reads a TensorFlow.js Layers model.json and the weight files beside it. Nothing in it is executed.
 * @throws FILE_MISSING, MODEL_FILE_INVALID
 */
export async function readLayersModel(path: string): Promise<LayersModelFile> {
  const topology = await readBytes(path);
  const schema = await layersSchema(topology);
  const { weightsManifest } = parseTopology(topology);
  if (weightsManifest.length === 0) return { topology, schema, weights: undefined };
  return { topology, schema, weights: inSchemaOrder(schema, await readWeights(dirname(path), weightsManifest)) };
}

/** The weights a job starts from when model.json comes without any. */
export function initialLayersWeights(schema: TensorSchema, seed: number): Float32Array {
  return glorotWeights(schema, seed);
}

/**
 * The tensors of a plan's model, in payload order.
 * @param topology the bytes of model.json, for a plan whose model is `layers`
 * @throws MODEL_FILE_INVALID
 */
export async function modelSchema(model: Plan["model"], topology: Uint8Array | undefined): Promise<TensorSchema> {
  return isBuiltin(model) ? builtinSchema(model) : await layersSchema(topology);
}

async function layersSchema(topology: Uint8Array | undefined): Promise<TensorSchema> {
  const { openLayersModel } = await import("./layers-network.ts");
  const { schema, differentiable } = await openLayersModel(topology);
  differentiable.dispose();
  return schema;
}

type NamedTensor = { readonly name: string; readonly shape: readonly number[]; readonly values: Float32Array };

/** A group's files, one after the other, hold its weights, one after the other, as little-endian float32. */
async function readWeights(folder: string, groups: LayersTopology["weightsManifest"]): Promise<NamedTensor[]> {
  const tensors: NamedTensor[] = [];
  for (const { paths, weights } of groups) {
    const bytes = Buffer.concat(await Promise.all(paths.map((it) => readBytes(join(folder, it)))));
    const expected = 4 * numCoordinates(weights);
    if (bytes.length !== expected) {
      const sizes = `${paths.join(", ")}: ${bytes.length} bytes, weightsManifest announces ${expected}`;
      throw new FederationError("MODEL_FILE_INVALID", sizes);
    }
    const views = viewTensors(weights, floatsOf(bytes));
    tensors.push(...views.map(({ spec, values }) => ({ ...spec, values })));
  }
  return tensors;
}

function inSchemaOrder(schema: TensorSchema, tensors: readonly NamedTensor[]): Float32Array {
  const byName = new Map(tensors.map((it) => [it.name, it]));
  const weights = new Float32Array(numCoordinates(schema));
  for (const { spec, values } of viewTensors(schema, weights)) {
    const found = byName.get(spec.name);
    if (found === undefined || String(found.shape) !== String(spec.shape)) {
      throw new FederationError("MODEL_FILE_INVALID", `weightsManifest has no ${spec.name} of shape [${spec.shape}]`);
    }
    values.set(found.values);
  }
  return weights;
}

async function readBytes(path: string): Promise<Buffer> {
  return await readFile(path).catch((cause: unknown) => {
    throw new FederationError("FILE_MISSING", `${path}: ${String(cause)}`, { cause });
  });
}
