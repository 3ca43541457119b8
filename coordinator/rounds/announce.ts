import type { ClientId, Digest, JobId } from "../../core/ids.ts";
import type { Sessions } from "../parts.ts";
import type { ClosedRound, JobState, OpenRound, Stage } from "./job-state.ts";

type Line = Pick<Sessions, "push">;

/** Nobody need go on with a round that is over. */
export function cancelUnanswered({ stage, jobId }: JobState, open: OpenRound, sessions: Line): void {
  const counted = new Set(stage.name === "closed" ? stage.rows.map((row) => row.clientId) : []);
  const reason = stage.name === "closed" ? "the round closed" : "the attempt was abandoned";
  const { round, attempt } = open;
  for (const clientId of open.cohort) {
    if (!counted.has(clientId)) sessions.push(clientId, { type: "cancel", jobId, round, attempt, reason });
  }
}

export function announceRound(jobId: JobId, closed: ClosedRound, modelSha256: Digest, sessions: Line): void {
  const { round, attempt } = closed;
  const announce = (clientId: ClientId, counted: boolean) =>
    sessions.push(clientId, { type: "roundClosed", jobId, round, attempt, counted, modelSha256 });
  for (const row of closed.rows) announce(row.clientId, true);
  for (const clientId of closed.absent) announce(clientId, false);
}

export function announceEnd(
  { jobId, population }: JobState,
  { outcome, reason }: Extract<Stage, { readonly name: "ended" }>,
  sessions: Line,
): void {
  for (const clientId of population) sessions.push(clientId, { type: "jobEnded", jobId, outcome, reason });
}
