import type { Logger } from "pino";
import { FederationError, isRefusal, type Refusal } from "../../core/errors.ts";
import { type WireStatus, wireStatus } from "../../proto/status.ts";

/**
 * How a call that failed ends: the code and its public text. Whatever is not in the catalogue is INTERNAL, and its
 * cause stays in our log. An administrator may read that log, so `forAdmin` sends the detail along.
 */
export function statusOf(problem: unknown, log: Logger, forAdmin = false): WireStatus {
  if (isRefusal(problem)) return told(problem, log, forAdmin);
  if (problem instanceof FederationError) {
    return told({ refused: problem.code, detail: problem.message }, log, forAdmin);
  }
  log.error({ err: problem }, "a call failed");
  return wireStatus("INTERNAL");
}

function told({ refused, detail }: Refusal, log: Logger, forAdmin: boolean): WireStatus {
  log.debug({ code: refused, detail }, "a call was refused");
  return wireStatus(refused, forAdmin ? detail : undefined);
}
