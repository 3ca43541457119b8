import { FederationError } from "../errors.ts";
import { isAllowedLayer } from "./layers-topology.ts";
import type { loadLayers } from "./tensorflow.ts";

export type LayersModel = Awaited<ReturnType<Awaited<ReturnType<typeof loadLayers>>["models"]["modelFromJSON"]>>;
type Layer = LayersModel["layers"][number];

/** Decides on what was built, whatever model.json seemed to say. @throws MODEL_FILE_INVALID */
export function requireAllowed(model: LayersModel): void {
  const other = layersWithin(model).find((it) => !isAllowedLayer(it.getClassName()));
  if (other !== undefined) throw new FederationError("MODEL_FILE_INVALID", `a layer of class ${other.getClassName()}`);
}

/**
 * Whether examples of a batch, or of batches before it, get into one another's results: batch normalisation and layers
 * that keep a state let them.
 */
export function mixesExamples(model: LayersModel): boolean {
  return layersWithin(model).some((it) => it.getClassName() === "BatchNormalization" || it.stateful);
}

/** A layer and all that are inside of it: a model's, what a wrapper wraps, and both directions of a Bidirectional. */
function layersWithin(layer: Layer): Layer[] {
  const { layers = [], layer: wrapped, forwardLayer, backwardLayer } = layer as unknown as Containing;
  const inner = [...layers, wrapped, forwardLayer, backwardLayer].filter((it) => it !== undefined);
  return [layer, ...inner.flatMap(layersWithin)];
}

interface Containing {
  readonly layers?: readonly Layer[];
  readonly layer?: Layer;
  readonly forwardLayer?: Layer;
  readonly backwardLayer?: Layer;
}
