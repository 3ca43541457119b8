import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { FederationError } from "../../../core/errors.ts";
import { writeNpy } from "../../../core/tensors/npy.ts";
import type { AggregateOptions } from "../../cli-aggregate.ts";
import { workerEngine } from "../engine/worker-engine.ts";
import { aggregate, checkFeasible, distancePathOf, type Pipeline, pipelineOf } from "../pipeline.ts";
import { readReferences } from "./references.ts";
import { json, text } from "./report.ts";
import { screen } from "./screen.ts";
import { settingsOf } from "./settings.ts";
import { openRow, readUpdates } from "./updates.ts";

/** Without a choice. */
const MAX_THREADS = 8;

type Print = (line: string) => void;

/**
 * Aggregates updates that lie in files as a round would: what is not finite is dropped, the rule is asked whether it
 * can hold with what is left, and the same engine computes the same bits.
 */
export async function aggregateFiles(options: AggregateOptions, print: Print): Promise<void> {
  const pipeline = pipelineFor(options);
  await assertOutputIsNew(options);
  const updates = await readUpdates(options.files);
  const weights = await readWeights(options.weights, updates.updates.length);
  const references = await readReferences(options.reference, pipeline.rule, updates.numCoordinates);
  const engine = workerEngine({ numThreads: options.threads ?? Math.min(availableParallelism(), MAX_THREADS) });
  try {
    const { kept, dropped } = await screen(engine, updates);
    const keptWeights = Float64Array.from(kept, ({ index }) => weights?.[index] ?? 1);
    assertFeasible(pipeline, keptWeights, dropped.length);
    const result = await aggregate({
      engine,
      pipeline,
      rows: kept.map(({ source }) => source),
      clientIds: kept.map(({ index }) => `${index}`),
      references,
      memory: { vectors: new Map(), numbers: {} },
      numCoordinates: updates.numCoordinates,
      weights: keptWeights,
      distancePath: distancePathOf(
        pipeline,
        kept.map(({ norm }) => norm),
      ),
      seed: seedOf(options.seed),
      observe: options.diagnostics ? "everything" : "columns",
    });
    if (options.output !== undefined) await writeNpy(options.output, result.values);
    const report = { options, pipeline, numCoordinates: updates.numCoordinates, kept, dropped, result };
    for (const line of options.json ? json(report) : text(report)) print(line);
  } finally {
    await engine.close();
  }
}

/** Under whatever name: a link to an input is that input. */
async function assertOutputIsNew({ output, files, weights, reference }: AggregateOptions): Promise<void> {
  const there = output === undefined ? undefined : await identityOf(output);
  if (there === undefined) return;
  const references = reference.map((text) => text.slice(text.indexOf("=") + 1));
  for (const path of [...files, ...references, ...(weights === undefined ? [] : [weights])]) {
    if ((await identityOf(path)) !== there) continue;
    throw new FederationError("CONFIG_INVALID", `--output ${output}: ${path} would be overwritten`);
  }
}

/** Undefined where there is no such file. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev} ${found.ino}`;
}

function assertFeasible(pipeline: Pipeline, weights: Float64Array, numDropped: number): void {
  const refusal = checkFeasible(pipeline, weights.length, weights);
  if (refusal === undefined) return;
  const why =
    numDropped > 0 ? `; ${numDropped} of ${weights.length + numDropped} were dropped, as they are not finite` : "";
  throw new FederationError(refusal.refused, `${refusal.detail}${why}`);
}

function pipelineFor(options: AggregateOptions): Pipeline {
  const weights = options.weights === undefined ? "uniform" : "numExamples";
  return pipelineOf({ ...settingsOf(options), numByzantine: options.numByzantine, weights });
}

/** @throws CONFIG_INVALID unless there is one positive number for each update, and their sum is finite */
async function readWeights(path: string | undefined, numUpdates: number): Promise<ArrayLike<number> | undefined> {
  if (path === undefined) return undefined;
  const weights = await (await openRow(path)).row(0);
  if (weights.length !== numUpdates) {
    throw new FederationError("CONFIG_INVALID", `${path}: ${weights.length} weights for ${numUpdates} updates`);
  }
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    total += weight;
    if (weight > 0 && Number.isFinite(weight)) continue;
    throw new FederationError("CONFIG_INVALID", `${path}: weight ${i} is ${weight}; a weight is positive and finite`);
  }
  if (!Number.isFinite(total))
    throw new FederationError("CONFIG_INVALID", `${path}: the sum of the weights is not finite`);
  return weights;
}

/** The 32 bytes that a number stands for: itself, little-endian. */
function seedOf(seed: number): Uint8Array {
  const bytes = Buffer.alloc(32);
  bytes.writeBigUInt64LE(BigInt(seed));
  return bytes;
}
