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

const MAX_TOPOLOGY_BYTES = 4 << 20;

const layer = z.looseObject({
  class_name: z.enum(LAYERS),
  config: z.looseObject({
    // TensorFlow.js numbers unnamed layers as it meets them, so that a tensor's name would depend on the process.
    name: z.string().min(1).max(200),
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
  modelTopology: z.union([z.looseObject({ model_config: model }), model]),
  weightsManifest: z.array(weightsGroup).max(10_000).default([]),
});

export interface LayersTopology {
  /** What TensorFlow.js builds the model from, every initializer replaced by zeros: the weights come from a plan. */
  readonly model: z.output<typeof model>;
  readonly weightsManifest: z.output<typeof weightsGroup>[];
}

/**
 * Parses the bytes of a TensorFlow.js Layers model.json (also as tensorflowjs_converter writes it from Keras).
 * @throws MODEL_FILE_INVALID
 */
export function parseTopology(bytes: Uint8Array): LayersTopology {
  if (bytes.length > MAX_TOPOLOGY_BYTES) throw invalid(`model.json is larger than ${MAX_TOPOLOGY_BYTES} bytes`);
  try {
    const { modelTopology, weightsManifest } = modelFile.parse(JSON.parse(Buffer.from(bytes).toString(), zeroed));
    return {
      model: "model_config" in modelTopology ? (modelTopology.model_config as never) : modelTopology,
      weightsManifest,
    };
  } catch (cause) {
    throw invalid(cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause), cause);
  }
}

const zeroed = (key: string, value: unknown) =>
  key.endsWith("_initializer") ? { class_name: "Zeros", config: {} } : value;

function invalid(reason: string, cause?: unknown): FederationError {
  return new FederationError("MODEL_FILE_INVALID", reason, { cause });
}
