import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { FederationError } from "../../core/errors.ts";
import { fromHex, type JobId } from "../../core/ids.ts";
import type { TaskStatement } from "../../core/statements.ts";
import type { CoordinatorVerifier } from "../coordinator-verifier.ts";

const line = z.strictObject({ statement: z.string(), signature: z.string() });

/**
 * The newest task of each job that said what privacy has cost, from the file that the running client keeps
 * (receipts.ts); each verifies again.
 * @throws DATA_FILE_INVALID, TASK_INVALID; a last line that was cut short by a crash is passed over
 */
export async function readToldTasks(
  path: string,
  coordinator: CoordinatorVerifier,
): Promise<ReadonlyMap<JobId, TaskStatement>> {
  const newest = new Map<JobId, TaskStatement>();
  let torn: FederationError | undefined;
  for await (const text of linesOf(path)) {
    if (torn !== undefined) throw torn;
    const signed = parsed(text);
    if (signed === undefined) torn = new FederationError("DATA_FILE_INVALID", `${path} holds a line that is no task`);
    else {
      const { jobId, ...task } = coordinator.task(signed);
      newest.set(jobId, { jobId, ...task });
    }
  }
  return newest;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function parsed(text: string) {
  try {
    const { statement, signature } = line.parse(JSON.parse(text));
    return { bytes: fromHex(statement), signature: fromHex(signature) };
  } catch {
    return undefined;
  }
}
