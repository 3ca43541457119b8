import { setImmediate as nextTurn } from "node:timers/promises";
import type { JobEvent, Parts } from "../../../coordinator/index.ts";
import { sha256 } from "../../../core/crypto/sha256.ts";
import { FederationError } from "../../../core/errors.ts";
import type { Digest } from "../../../core/ids.ts";
import { floatsOf } from "../../../core/tensors/digest.ts";
import type { JobView } from "./job-view.ts";
import type { Judge } from "./judge.ts";
import type { Measures } from "./measures.ts";

export interface Followed {
  readonly outcome: Extract<JobEvent, { type: "JobEnded" }>["outcome"];
  readonly reason: string;
  readonly modelSha256: Digest;
  readonly versionsSha256: Digest;
  /** Of the last version. */
  readonly weights: Float32Array;
}

interface Following {
  readonly parts: Pick<Parts, "blobs" | "journal">;
  readonly view: JobView;
  readonly measures: Measures;
  readonly judge: Judge;
  /** A version is judged when its number is a multiple of it, and the last one always. */
  readonly everyRounds: number;
  /** Of the whole job. */
  readonly rounds: number;
  readonly progress: (round: number) => void;
}

type EventOf<Type extends JobEvent["type"]> = Extract<JobEvent, { type: Type }>;

/** Reads a job to its end: judges its versions as they are committed, and lets go of what no round needs any more. */
export async function followJob(following: Following, signal: AbortSignal): Promise<Followed> {
  const versions: Digest[] = [];
  let rows: EventOf<"RoundClosed">["rows"] = [];
  for await (const stored of following.view.events(signal)) {
    const { event } = stored;
    following.measures.see(stored);
    // a trainer that failed has ended the experiment already; whoever else declines must not be mistaken for an absentee
    if (event.type === "ClientDeclined") throw new FederationError("TRAINER_FAILED", event.reason);
    if (event.type === "RoundClosed") rows = event.rows;
    if (event.type === "VersionCommitted") {
      versions.push(event.modelSha256);
      await committed(event, following);
      const { journal } = following.parts;
      const payloads = rows.map((row) => row.payloadSha256).filter((it) => journal.inlineBlob(it) === undefined);
      await forget([...payloads, versions.at(-3)], following);
    }
    if (event.type === "JobEnded") return ended(event, versions, following);
  }
  throw new FederationError("INTERNAL", "the journal of the job ended before the job");
}

async function ended(event: EventOf<"JobEnded">, versions: readonly Digest[], { parts }: Following): Promise<Followed> {
  const { outcome, reason, finalModelSha256: modelSha256 } = event;
  const weights = floatsOf(await parts.blobs.read(modelSha256));
  return { outcome, reason, modelSha256, versionsSha256: sha256(...versions), weights };
}

async function forget(digests: readonly (Digest | undefined)[], { parts }: Following): Promise<void> {
  for (const digest of digests) if (digest !== undefined) await parts.blobs.delete(digest);
}

async function committed({ modelSha256, version }: EventOf<"VersionCommitted">, following: Following): Promise<void> {
  const { parts, view, measures, judge, everyRounds, rounds, progress } = following;
  const round = measures.rounds.findLast((it) => it.round === version);
  if (round !== undefined && (version % everyRounds === 0 || version === rounds)) {
    // the next round goes on meanwhile, and the one after that waits: what nobody has judged yet takes memory
    const turn = async () => {
      if (view.version() === version) await nextTurn();
    };
    Object.assign(round, await judge.evaluate(floatsOf(await parts.blobs.read(modelSha256)), turn));
  }
  progress(version);
}
