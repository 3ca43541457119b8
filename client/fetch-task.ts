import { canonicalBytes, jsonOf } from "../core/crypto/canonical-json.ts";
import { FederationError } from "../core/errors.ts";
import { asDigest, type Digest } from "../core/ids.ts";
import { modelSchema } from "../core/model/layers-model.ts";
import { isBuiltin, type Plan, planSchema } from "../core/plan.ts";
import type { TaskStatement } from "../core/statements.ts";
import { floatsOf, schemaDigest } from "../core/tensors/digest.ts";
import { numCoordinates, type TensorSchema } from "../core/tensors/schema.ts";

/** Where blobs come from, and what tells whether the right ones came. */
export interface Source {
  fetch(digest: Digest): Promise<Uint8Array>;
  digestOf(bytes: Uint8Array): Digest;
}

/** What a task names by digest and every round of a job shares. */
export interface JobTerms {
  readonly planSha256: Digest;
  readonly plan: Plan;
  readonly topology: Uint8Array | undefined;
  readonly schema: TensorSchema;
  readonly schemaSha256: Digest;
}

/**
 * The terms of a task's job: those of the task before, or fetched when the plan is another.
 * @throws TASK_INVALID when what arrives is not what the task names, or the task is not one of that plan
 * @throws MODEL_FILE_INVALID
 */
export async function termsOf(task: TaskStatement, known: JobTerms | undefined, source: Source): Promise<JobTerms> {
  const terms = known?.planSha256 === task.planSha256 ? known : await fetchTerms(task.planSha256, source);
  const { plan, schemaSha256 } = terms;
  if (task.round > plan.rounds) throw invalid(`round ${task.round} of a plan of ${plan.rounds}`);
  if (schemaSha256 !== task.tensorSchemaSha256) throw invalid("its tensors are not those of the plan's model");
  return terms;
}

async function fetchTerms(planSha256: Digest, source: Source): Promise<JobTerms> {
  const plan = parsePlan(await fetchExactly(planSha256, "plan", source));
  const { model } = plan;
  const topology = isBuiltin(model) ? undefined : await fetchExactly(asDigest(model.layers), "topology", source);
  const schema = await modelSchema(model, topology);
  return { planSha256, plan, topology, schema, schemaSha256: schemaDigest(schema) };
}

/** @throws TASK_INVALID unless the base model is the one the task names and has the schema's length */
export async function fetchBaseModel(task: TaskStatement, schema: TensorSchema, source: Source): Promise<Float32Array> {
  const bytes = await fetchExactly(task.baseModelSha256, "base model", source);
  const expected = Float32Array.BYTES_PER_ELEMENT * numCoordinates(schema);
  if (bytes.length !== expected) throw invalid(`a base model of ${bytes.length} bytes, not ${expected}`);
  return floatsOf(bytes);
}

async function fetchExactly(digest: Digest, what: string, source: Source): Promise<Uint8Array> {
  const bytes = await source.fetch(digest);
  if (source.digestOf(bytes) !== digest) throw invalid(`the ${what} that arrived has another digest`);
  return bytes;
}

/** Canonical bytes only, so that a plan has one digest. */
function parsePlan(bytes: Uint8Array): Plan {
  const parsed = planSchema.safeParse(jsonOf(bytes));
  if (!parsed.success) throw invalid("the plan is not valid");
  if (Buffer.compare(canonicalBytes(parsed.data), bytes) !== 0) throw invalid("the plan is not in its canonical form");
  return parsed.data;
}

function invalid(detail: string): FederationError {
  return new FederationError("TASK_INVALID", detail);
}
