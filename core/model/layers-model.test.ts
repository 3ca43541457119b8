import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Batch } from "../data/dataset.ts";
import { seededRandom } from "../random/seeded.ts";
import { bytesOf } from "../tensors/digest.ts";
import { numCoordinates } from "../tensors/schema.ts";
import { builtinSchema, initialWeights } from "./builtin.ts";
import { initialLayersWeights, modelSchema, readLayersModel } from "./layers-model.ts";
import { type Network, openNetwork } from "./network.ts";
import { tf } from "./tensorflow.ts";

const LAYERS = { layers: "0".repeat(64) };
const MLP = { builtin: "mlp", inputs: 6, hidden: 5, classes: 3 } as const;
const GLOROT = { class_name: "GlorotNormal", config: { seed: null } };

type Json = Record<string, unknown>;
const layer = (class_name: string, name: string, config: Json = {}) => ({ class_name, config: { name, ...config } });
const dense = (name: string, units: number, activation: string, config: Json = {}) =>
  layer("Dense", name, { units, activation, kernel_initializer: GLOROT, ...config });
const sequential = (...layers: unknown[]) => ({ class_name: "Sequential", config: { name: "model", layers } });
const bytes = (modelTopology: unknown, rest: Json = {}) => Buffer.from(JSON.stringify({ modelTopology, ...rest }));

/** What TensorFlow.js would build it from has keys in camel case. */
const NORMAL_IN_DISGUISE = {
  ...layer("LayerNormalization", "n", { momentum: 0, batch_input_shape: [null, 3] }),
  className: "BatchNormalization",
};

const mlpLayers = (activation: string) =>
  sequential(dense("hidden", 5, "relu", { batch_input_shape: [null, 6] }), dense("output", 3, activation));
const convLayers = (strides: number, padding: string) =>
  sequential(
    layer("Conv2D", "conv", { filters: 4, kernel_size: [3, 3], strides, padding, batch_input_shape: [null, 7, 6, 2] }),
    layer("MaxPooling2D", "pool", { pool_size: [2, 2], strides: [1, 1], padding: "same" }),
    layer("Flatten", "flat"),
    dense("output", 3, "softmax"),
  );

function batchOf(numExamples: number, inputSize: number): Batch {
  const random = seededRandom(new Uint8Array(32).fill(4));
  return {
    inputs: Float32Array.from({ length: numExamples * inputSize }, () => random.uniform()),
    labels: Int32Array.from({ length: numExamples }, (_, i) => i % 3),
  };
}

/** Weights after two steps with momentum. */
function trained(network: Network, from: Float32Array, batch: Batch): Float32Array {
  network.setWeights(from);
  network.step(batch, { learningRate: 0.5, momentum: 0.9 });
  network.step(batch, { learningRate: 0.5, momentum: 0.9 });
  const weights = network.weights();
  network.dispose();
  return weights;
}

function expectClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(tolerance);
  });
}

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-layers-"));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("training a Layers model", () => {
  test.each(["linear", "softmax"])("a %s output learns as the built-in mlp does, to 1e-5", async (activation) => {
    const from = initialWeights(MLP, 2);
    const batch = batchOf(8, 6);
    const builtin = trained(await openNetwork(MLP, undefined), from, batch);
    const layers = trained(await openNetwork(LAYERS, bytes(mlpLayers(activation))), from, batch);
    expectClose(layers, builtin, 1e-5);
  });

  test.each([
    [1, "valid"],
    [1, "same"],
    [2, "valid"],
    [2, "same"],
    [3, "same"],
  ])(
    "convolutions of stride %d, padding %s: WebAssembly and plain JavaScript agree to 1e-5",
    async (strides, padding) => {
      const topology = bytes(convLayers(strides, padding));
      const from = initialLayersWeights(await modelSchema(LAYERS, topology), 1);
      const run = async (backend: string) => {
        vi.stubEnv("HOLDFAST_BACKEND", backend);
        return trained(await openNetwork(LAYERS, topology), from, batchOf(5, 7 * 6 * 2));
      };
      const wasm = await run("wasm");
      expectClose(wasm, await run("cpu"), 1e-5);
      expect(wasm.subarray(0, 72)).not.toEqual(from.subarray(0, 72));
    },
  );

  test("moving averages change with training, and are part of the weights", async () => {
    const normalised = sequential(
      dense("hidden", 4, "relu", { batch_input_shape: [null, 6] }),
      layer("BatchNormalization", "norm", { momentum: 0.5, epsilon: 0.001 }),
      dense("output", 3, "softmax"),
    );
    const schema = await modelSchema(LAYERS, bytes(normalised));
    expect(schema.map((it) => it.name)).toEqual(expect.arrayContaining(["norm/gamma", "norm/moving_mean"]));
    const from = initialLayersWeights(schema, 1);
    const after = trained(await openNetwork(LAYERS, bytes(normalised)), from, batchOf(6, 6));
    const moved = schema.map(({ name, shape }, i) => {
      const start = numCoordinates(schema.slice(0, i));
      const end = start + numCoordinates([{ name, shape }]);
      return after.subarray(start, end).some((value, j) => value !== from[start + j]);
    });
    expect(moved).toEqual(schema.map(() => true));
  });

  test("opening, training and closing leave no tensor behind", async () => {
    const topology = bytes(convLayers(1, "same"));
    const schema = await modelSchema(LAYERS, topology);
    const before = tf.memory().numTensors;
    trained(await openNetwork(LAYERS, topology), initialLayersWeights(schema, 1), batchOf(5, 7 * 6 * 2));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("reading model.json", () => {
  test("without weights: its tensors, in TensorFlow.js's order, by their own names however often it is read", async () => {
    await writeFile(at("bare.json"), bytes(mlpLayers("softmax")));
    for (let i = 0; i < 2; i++) {
      const { topology, schema, weights } = await readLayersModel(at("bare.json"));
      expect(topology).toEqual(bytes(mlpLayers("softmax")));
      expect(schema).toEqual(builtinSchema(MLP));
      expect(weights).toBeUndefined();
    }
  });

  test("with weights: from the files beside it, by name, whatever their order", async () => {
    const values = Float32Array.from({ length: 53 }, (_, i) => i);
    await writeFile(at("a.bin"), bytesOf(values.subarray(30, 40)));
    await writeFile(at("b.bin"), bytesOf(values.subarray(40)));
    await writeFile(at("c.bin"), bytesOf(values.subarray(0, 30)));
    const [kernel, ...others] = builtinSchema(MLP).map((it) => ({ ...it, dtype: "float32" }));
    const write = (first: unknown) => {
      const manifest = [
        { paths: ["a.bin", "b.bin"], weights: others },
        { paths: ["c.bin"], weights: [first] },
      ];
      return writeFile(at("m.json"), bytes(mlpLayers("softmax"), { weightsManifest: manifest }));
    };
    await write(kernel);
    expect((await readLayersModel(at("m.json"))).weights).toEqual(values);
    await write({ ...kernel, name: "hidden/other" });
    await expect(readLayersModel(at("m.json"))).rejects.toThrow("no hidden/kernel of shape [6,5]");
    await write({ ...kernel, shape: [5, 6] });
    await expect(readLayersModel(at("m.json"))).rejects.toThrow("no hidden/kernel of shape [6,5]");
  });

  test("a weight file that is missing or of another length is refused by name", async () => {
    const weights = builtinSchema(MLP).map((it) => ({ ...it, dtype: "float32" }));
    const write = (paths: string[]) =>
      writeFile(at("m.json"), bytes(mlpLayers("linear"), { weightsManifest: [{ paths, weights }] }));
    await write(["nowhere.bin"]);
    await expect(readLayersModel(at("m.json"))).rejects.toMatchObject({ code: "FILE_MISSING" });
    await writeFile(at("short.bin"), new Uint8Array(8));
    await write(["short.bin"]);
    await expect(readLayersModel(at("m.json"))).rejects.toThrow("short.bin: 8 bytes, weightsManifest announces 212");
    await expect(readLayersModel(at("nowhere.json"))).rejects.toMatchObject({ code: "FILE_MISSING" });
  });

  const group = (paths: string[], dtype = "float32", extra: Json = {}) => ({
    weightsManifest: [{ paths, weights: [{ name: "w", shape: [1], dtype, ...extra }] }],
  });
  const refused: [string, Buffer][] = [
    ["not JSON", Buffer.from("\x89HDF")],
    ["a TensorFlow graph", bytes({ node: [], library: {} }, { format: "graph-model" })],
    ["a layer of one's own", bytes(sequential(layer("Lambda", "l", { function: "process.exit()" })))],
    [
      "such a layer inside a wrapper",
      bytes(sequential(layer("TimeDistributed", "t", { layer: layer("Custom", "c") }))),
    ],
    ["a layer without a name", bytes(sequential({ class_name: "Dense", config: { units: 3 } }))],
    ["no input shape", bytes(sequential(dense("output", 3, "softmax")))],
    ["no weights", bytes(sequential(layer("Flatten", "f", { batch_input_shape: [null, 3] })))],
    [
      "two layers of one name",
      bytes(sequential(dense("d", 3, "relu", { batch_input_shape: [null, 3] }), dense("d", 3, "relu"))),
    ],
    [
      "an output that is no row of classes",
      bytes(sequential(dense("d", 3, "relu", { batch_input_shape: [null, 3, 3] }))),
    ],
    ["larger than memory", bytes(sequential(dense("d", 1e9, "relu", { batch_input_shape: [null, 1e9] })))],
    ["larger than 4 MiB", Buffer.alloc(5 << 20, 32)],
    ["a class in camel case after the one that is allowed", bytes(sequential(NORMAL_IN_DISGUISE))],
    [
      "the same inside of a wrapper",
      bytes(
        sequential(
          layer("TimeDistributed", "t", { batch_input_shape: [null, 2, 3], layer: NORMAL_IN_DISGUISE }),
          layer("Flatten", "f"),
        ),
      ),
    ],
    [
      "layers beside those that are checked",
      bytes(sequential(dense("d", 3, "relu", { batch_input_shape: [null, 3], layers_: [layer("RNN", "r")] }))),
    ],
    ["a layer as an activation", bytes(mlpLayers("BatchNormalization"))],
    [
      "a layer as an activation, with its config",
      bytes(mlpLayers(layer("LSTM", "l", { units: 3, stateful: 1 }) as unknown as string)),
    ],
    ["weights elsewhere", bytes(mlpLayers("linear"), group(["../../etc/passwd"]))],
    ["weights that are not float32", bytes(mlpLayers("linear"), group(["a.bin"], "int32"))],
    [
      "quantised weights",
      bytes(mlpLayers("linear"), group(["a.bin"], "float32", { quantization: { dtype: "uint8" } })),
    ],
  ];
  test.each(refused)("%s is refused", async (_, topology) => {
    await writeFile(at("bad.json"), topology);
    await expect(readLayersModel(at("bad.json"))).rejects.toMatchObject({ code: "MODEL_FILE_INVALID" });
  });

  test("of two keys that are one in camel case, at least one is refused", async () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/);
    const underscores = fc.stringMatching(/^_{0,2}$/);
    const spelled = (words: readonly string[], between: readonly string[]) =>
      words.map((it, i) =>
        between[i] === "" && i > 0 ? it[0]?.toUpperCase() + it.slice(1) : (between[i] ?? "_") + it,
      );
    const inCamelCase = (key: string) => key.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase());
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { minLength: 1, maxLength: 3 }),
        fc.array(underscores, { minLength: 3, maxLength: 3 }),
        fc.array(underscores, { minLength: 3, maxLength: 3 }),
        underscores,
        async (words, between, otherwise, after) => {
          const one = spelled(words, ["", ...between]).join("");
          const other = spelled(words, ["", ...otherwise]).join("") + after;
          fc.pre(one !== other && inCamelCase(one) === inCamelCase(other));
          const config = { batch_input_shape: [null, 6], deep: [{ [one]: 1, [other]: 2 }] };
          await writeFile(at("keys.json"), bytes(sequential(dense("d", 3, "relu", config))));
          await expect(readLayersModel(at("keys.json"))).rejects.toThrow("no key in snake_case");
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a model behind the one that was checked is not what is built", async () => {
    const unchecked = sequential({ class_name: "Dense", config: { units: 3, batch_input_shape: [null, 2] } });
    await writeFile(at("m.json"), bytes({ ...mlpLayers("linear"), model_config: unchecked }));
    expect((await readLayersModel(at("m.json"))).schema).toEqual(builtinSchema(MLP));
    const nested = { ...mlpLayers("linear"), model_config: unchecked };
    await writeFile(at("m.json"), bytes({ model_config: nested }));
    expect((await readLayersModel(at("m.json"))).schema).toEqual(builtinSchema(MLP));
  });

  test("regularizers, constraints and initializers are not built, whatever class they name", async () => {
    const strange = { class_name: "LSTM", config: { units: 1 } };
    const config = { batch_input_shape: [null, 6], kernel_regularizer: strange, bias_constraint: strange };
    await writeFile(at("m.json"), bytes(sequential(dense("d", 3, "relu", { ...config, bias_initializer: strange }))));
    expect((await readLayersModel(at("m.json"))).schema.map((it) => it.name)).toEqual(["d/kernel", "d/bias"]);
  });
});

describe("a model that mixes examples has no gradient of one example", () => {
  const normal = layer("BatchNormalization", "normal", { batch_input_shape: [1, 3] });
  const memory = (stateful: unknown, config: Json = {}) => layer("LSTM", "memory", { units: 2, stateful, ...config });
  const first = { batch_input_shape: [1, 3, 2] };
  const sequence = (it: unknown) => sequential(layer("Masking", "mask", first), it, dense("out", 3, "linear"));
  const mixing: [string, object][] = [
    ["batch normalisation", sequential(normal)],
    ["in a model in the model", sequential({ ...sequential(normal), config: { name: "inner", layers: [normal] } })],
    [
      "in a wrapper",
      sequential(
        layer("TimeDistributed", "each", { ...first, layer: normal }),
        layer("Flatten", "flat"),
        dense("o", 3, "relu"),
      ),
    ],
    ["a layer that keeps its state", sequence(memory(true))],
    ["one that says so by another value", sequence(memory(1))],
    ["in both directions", sequence(layer("Bidirectional", "both", { layer: memory(true), merge_mode: "concat" }))],
  ];
  const settings = { learningRate: 1, momentum: 0, clipNorm: 1, expectedBatchSize: 1 };
  const step = async (topology: object, size: number) => {
    const network = await openNetwork(LAYERS, bytes(topology));
    try {
      const noise = (count: number) => new Float32Array(count);
      network.privateStep(batchOf(size, network.inputSize), { ...settings, noise });
    } finally {
      network.dispose();
    }
  };
  test.each(mixing)("%s", async (_, topology) => {
    for (const size of [0, 1])
      await expect(step(topology, size)).rejects.toMatchObject({ code: "PRIVACY_UNSUPPORTED" });
  });

  test("others have", async () => {
    await step(sequence(memory(false)), 1);
    await step(sequence(layer("Bidirectional", "both", { layer: memory(false), merge_mode: "concat" })), 1);
    await step(sequential(layer("LayerNormalization", "n", { batch_input_shape: [null, 3] })), 2);
  });
});
