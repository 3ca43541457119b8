import { tf } from "./tensorflow.ts";

interface PoolAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
}

type PoolInfo = ReturnType<typeof tf.backend_util.computePool2DInfo>;

/** Gradient of a 2-D max pooling (channels last): each output's gradient goes to the first largest input it saw. */
export function maxPoolGradient({ inputs, attrs }: Parameters<tf.KernelFunc>[0]): tf.Tensor {
  const input = inputs["input"] as tf.Tensor4D;
  const { filterSize, strides, pad } = attrs as unknown as PoolAttributes;
  const info = tf.backend_util.computePool2DInfo(input.shape, filterSize, strides, 1, pad);
  const values = input.dataSync<"float32">();
  const dy = (inputs["dy"] as tf.Tensor4D).dataSync<"float32">();
  const dx = new Float32Array(values.length);
  dy.forEach((gradient, output) => {
    const source = sourceOf(output, values, info);
    dx[source] = (dx[source] as number) + gradient;
  });
  return tf.tensor(dx, input.shape);
}

/** Index of the first largest input in the window of an output. */
function sourceOf(output: number, values: Float32Array, info: PoolInfo): number {
  const { inHeight, inWidth, outHeight, outWidth, inChannels, padInfo } = info;
  const channel = output % inChannels;
  const pixel = Math.floor(output / inChannels);
  const top = (Math.floor(pixel / outWidth) % outHeight) * info.strideHeight - padInfo.top;
  const left = (pixel % outWidth) * info.strideWidth - padInfo.left;
  const image = Math.floor(pixel / (outWidth * outHeight));
  const at = (row: number, column: number) => ((image * inHeight + row) * inWidth + column) * inChannels + channel;

  let largest = at(Math.max(top, 0), Math.max(left, 0));
  for (let row = Math.max(top, 0); row < Math.min(top + info.filterHeight, inHeight); row++) {
    for (let column = Math.max(left, 0); column < Math.min(left + info.filterWidth, inWidth); column++) {
      if ((values[at(row, column)] as number) > (values[largest] as number)) largest = at(row, column);
    }
  }
  return largest;
}
