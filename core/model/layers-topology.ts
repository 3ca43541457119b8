import { z } from "zod";
import { FederationError } from "../errors.ts";

/** The layers of TensorFlow.js 4.22 that a plan may use. None of them runs code that comes with the model. */
const LAYERS = [
  ...["InputLayer", "Sequential", "Model", "Functional"],
  ...["Dense", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "ThresholdedReLU", "Softmax"],
  ...["Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout"],
  ...["Flatten", "Reshape", "Permute", "RepeatVector", "Masking", "Rescaling", "Embedding"],
  ...["Conv1D", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "SeparableConv2D", "DepthwiseConv2D"],
  ...["Cropping2D", "UpSampling2D", "ZeroPadding2D"],
  ...["MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D"],
  ...["GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"],
  ...["BatchNormalization", "LayerNormalization"],
  ...["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply"],
  ...["SimpleRNN", "GRU", "LSTM", "Bidirectional", "TimeDistributed"],
] as const;

/** TensorFlow.js would build any class that it is given as an activation, a layer too. */
const ACTIVATIONS = [
  ...["linear", "relu", "relu6", "elu", "selu", "gelu", "swish", "mish", "tanh", "sigmoid", "hard_sigmoid"],
  ...["softmax", "log_softmax", "softplus", "softsign"],
] as const;

const MAX_TOPOLOGY_BYTES = 4 << 20;

const activation = z.enum(ACTIVATIONS).nullish();

const layer = z.looseObject({
  class_name: z.enum(LAYERS),
  config: z.looseObject({
    // TensorFlow.js numbers unnamed layers as it meets them, so that a tensor's name would depend on the process.
    name: z.string().min(1).max(200),
    activation,
    recurrent_activation: activation,
    get layers() {
      return z.array(layer).max(2_000).optional();
    },
    get layer() {
      return layer.optional();
    },
  }),
});

const model = layer.extend({ class_name: z.enum(["Sequential", "Model", "Functional"]) });

const weightsGroup = z.looseObject({
  // Beside model.json, nowhere else.
  paths: z.array(z.string().regex(/^[^/\\]+$/, "a file name without folders")).max(10_000),
  weights: z.array(
    z.strictObject({ name: z.string().min(1), shape: z.array(z.int().min(0)), dtype: z.literal("float32") }),
  ),
});

const modelFile = z.looseObject({
  modelTopology: z.union([z.looseObject({ model_config: model }).transform((it) => it.model_config), model]),
  weightsManifest: z.array(weightsGroup).max(10_000).default([]),
});

/** Whether a plan may use a layer, by its class. */
export const isAllowedLayer = (className: string): boolean => (LAYERS as readonly string[]).includes(className);

export interface LayersTopology {
  /**
   * What TensorFlow.js builds the model from. Every initializer is replaced by zeros, for the weights come from a plan;
   * regularizers and constraints are left out, for only its own fit minds them.
   */
  readonly model: Pick<z.output<typeof model>, "class_name" | "config">;
  readonly weightsManifest: z.output<typeof weightsGroup>[];
}

/**
 * Parses the bytes of a TensorFlow.js Layers model.json (also as tensorflowjs_converter writes it from Keras).
 * @throws MODEL_FILE_INVALID
 */
export function parseTopology(bytes: Uint8Array): LayersTopology {
  if (bytes.length > MAX_TOPOLOGY_BYTES) throw invalid(`model.json is larger than ${MAX_TOPOLOGY_BYTES} bytes`);
  try {
    const { modelTopology, weightsManifest } = modelFile.parse(JSON.parse(Buffer.from(bytes).toString(), harmless));
    const { class_name, config } = modelTopology;
    requireSnakeCase(config);
    return { model: { class_name, config }, weightsManifest };
  } catch (cause) {
    throw invalid(cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause), cause);
  }
}

const ZEROS = { class_name: "Zeros", config: {} };

function harmless(key: string, value: unknown): unknown {
  if (key.endsWith("_initializer")) return ZEROS;
  // where it is left out it would be Orthogonal, which needs methods of tensors that only TensorFlow.js's whole package has
  if (key === "config" && isRecord(value) && "units" in value) return { ...value, recurrent_initializer: ZEROS };
  return /_(regularizer|constraint)$/.test(key) ? null : value;
}

const isRecord = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Words of small letters and digits, each beginning with a letter: no two such keys are one in camel case. */
const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*$/;

/**
 * TensorFlow.js builds from the keys in camel case, and of two that become the same (class_name, className, class__name,
 * class_name_) takes the later one: what was checked would not be what is built.
 */
function requireSnakeCase(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value) && !SNAKE_CASE.test(key)) throw new Error(`"${key}" is no key in snake_case`);
    requireSnakeCase(inner);
  }
}

function invalid(reason: string, cause?: unknown): FederationError {
  return new FederationError("MODEL_FILE_INVALID", reason, { cause });
}
