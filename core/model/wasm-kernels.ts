import { maxPoolGradient } from "./max-pool-gradient.ts";
import { tf } from "./tensorflow.ts";

/**
 * What the WebAssembly backend of TensorFlow.js 4.22 lacks for training: its matrix product is five times slower when
 * an operand is to be transposed on the way, its gradient of max pooling is wrong, and convolutions have none for
 * their filter. (Depthwise and separable convolutions and embeddings train on the other backends only.)
 */
export function registerWasmKernels(): void {
  if (tf.getKernel("Conv2DBackpropFilter", "wasm") !== undefined) return;
  const matMul = tf.getKernel("BatchMatMul", "wasm");
  tf.unregisterKernel("BatchMatMul", "wasm");
  tf.unregisterKernel("MaxPoolGrad", "wasm");
  tf.registerKernel({ ...matMul, kernelFunc: transposingFirst(matMul.kernelFunc) });
  tf.registerKernel({ kernelName: "MaxPoolGrad", backendName: "wasm", kernelFunc: maxPoolGradient });
  tf.registerKernel({ kernelName: "Conv2DBackpropFilter", backendName: "wasm", kernelFunc: conv2dFilterGradient });
}

/** Transposes operands by the fast Transpose kernel, then multiplies. */
function transposingFirst(multiply: tf.KernelFunc): tf.KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const a = inputs["a"] as tf.Tensor;
    const b = inputs["b"] as tf.Tensor;
    const uprightA = attrs?.["transposeA"] ? swapLastAxes(a) : a;
    const uprightB = attrs?.["transposeB"] ? swapLastAxes(b) : b;
    const product = multiply({
      inputs: { a: uprightA, b: uprightB },
      attrs: { transposeA: false, transposeB: false },
      backend,
    });
    if (uprightA !== a) uprightA.dispose();
    if (uprightB !== b) uprightB.dispose();
    return product;
  };
}

function swapLastAxes(matrices: tf.Tensor): tf.Tensor {
  const { rank } = matrices;
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return tf.transpose(matrices, [...axes.slice(0, -2), rank - 1, rank - 2]);
}

/**
 * Filter gradient of a 2-D convolution (channels last): for each filter position, the inputs that it met, as a
 * matrix of (batch x output pixels) rows, transposed, times the output gradient as a matrix of the same rows.
 */
function conv2dFilterGradient({ inputs, attrs }: Parameters<tf.KernelFunc>[0]): tf.Tensor {
  const x = inputs["x"] as tf.Tensor4D;
  const dy = inputs["dy"] as tf.Tensor4D;
  const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as Conv2dAttributes;
  const shape = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
  const { batchSize, outHeight, outWidth, inChannels, outChannels, strideHeight, strideWidth, padInfo } = shape;
  return tf.tidy(() => {
    const { top, bottom, left, right } = padInfo;
    const padded = tf.pad4d(x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    const dyRows = tf.reshape(dy, [-1, outChannels]);
    const met = (row: number, column: number) => {
      const end = [
        batchSize,
        row + (outHeight - 1) * strideHeight + 1,
        column + (outWidth - 1) * strideWidth + 1,
        inChannels,
      ];
      const pixels = tf.stridedSlice(padded, [0, row, column, 0], end, [1, strideHeight, strideWidth, 1]);
      return tf.reshape(pixels, [-1, inChannels]);
    };
    const gradients: tf.Tensor[] = [];
    for (let row = 0; row < filterShape[0]; row++) {
      for (let column = 0; column < filterShape[1]; column++) {
        gradients.push(tf.matMul(met(row, column), dyRows, true, false));
      }
    }
    return tf.reshape(tf.stack(gradients), filterShape);
  });
}

interface Conv2dAttributes {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly filterShape: [number, number, number, number];
}
