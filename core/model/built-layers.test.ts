import { beforeAll, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { mixesExamples, requireAllowed } from "./built-layers.ts";
import { loadLayers } from "./tensorflow.ts";

const layer = (class_name: string, name: string, config: object = {}) => ({ class_name, config: { name, ...config } });
const IMAGES = { batch_input_shape: [null, 2, 3] };

beforeAll(async () => {
  await startBackend();
});

/** Of a model.json that nobody has checked. */
async function built(...layers: unknown[]) {
  const { models } = await loadLayers();
  return await models.modelFromJSON({ modelTopology: layer("Sequential", "model", { layers }) } as never);
}

test("a model that was built of other layers than are allowed is refused, wherever they are", async () => {
  const other = layer("RNN", "other", {
    cell: layer("SimpleRNNCell", "cell", { units: 3, recurrent_initializer: "zeros" }),
    ...IMAGES,
  });
  const refused = expect.objectContaining({ code: "MODEL_FILE_INVALID", message: "a layer of class RNN" });
  for (const it of [other, layer("Sequential", "inner", { layers: [other] })]) {
    const model = await built(it);
    expect(() => requireAllowed(model)).toThrow(refused);
    model.dispose();
  }
});

test("what was built tells whether it mixes examples, not what its file says it is", async () => {
  const honest = layer("LayerNormalization", "normal", { batch_input_shape: [null, 3] });
  const disguised = { ...honest, className: "BatchNormalization" };
  const cases: [boolean, unknown][] = [
    [false, honest],
    [true, disguised],
    [false, layer("TimeDistributed", "each", { layer: honest, ...IMAGES })],
    [true, layer("TimeDistributed", "each", { layer: disguised, ...IMAGES })],
  ];
  for (const [mixes, it] of cases) {
    const model = await built(it);
    requireAllowed(model);
    expect(mixesExamples(model)).toBe(mixes);
    model.dispose();
  }
});
