import { type MessagePort, parentPort } from "node:worker_threads";
import { readDataset } from "../data/data-files.ts";
import type { Dataset } from "../data/dataset.ts";
import { FederationError } from "../errors.ts";
import { openNetwork } from "./network.ts";
import { train } from "./train.ts";
import type { Training, TrainingReply } from "./training.ts";

/** The thread behind training.ts: a reply to every training. Its dataset stays, its network is another every time. */
function serve(port: MessagePort): void {
  let held: { readonly of: string; readonly dataset: Promise<Dataset> } | undefined;
  const datasetOf = ({ files }: Training) => {
    const of = JSON.stringify(files);
    if (held?.of !== of) held = { of, dataset: readDataset(files) };
    return held.dataset;
  };
  port.on("message", async (training: Training) => {
    const reply = await replyTo(training, datasetOf);
    port.postMessage(reply, "delta" in reply ? [reply.delta.buffer] : []);
  });
}

type DatasetOf = (training: Training) => Promise<Dataset>;

async function replyTo(training: Training, datasetOf: DatasetOf): Promise<TrainingReply> {
  try {
    return { delta: await deltaOf(training, await datasetOf(training)) };
  } catch (error) {
    const code = error instanceof FederationError ? error.code : "TRAINER_FAILED";
    return { failure: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

async function deltaOf({ model, topology, local, batchSeed, base }: Training, dataset: Dataset) {
  const network = await openNetwork(model, topology);
  network.setWeights(base);
  await train(network, dataset, { local, batchSeed, signal: new AbortController().signal });
  const delta = Float32Array.from(network.weights(), (value, i) => value - (base[i] as number));
  network.dispose();
  return delta;
}

if (parentPort !== null) serve(parentPort);
