import { setImmediate as nextTurn } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { grpcTransport, participant, type Trainer, type Transport } from "../../client/index.ts";
import { memoryLedger } from "../../client/privacy/privacy-ledger.ts";
import { startServer } from "../../coordinator/grpc/server.ts";
import type { Limits } from "../../coordinator/parts.ts";
import { eventsOf, jobEnded, type TestFederation, testFederation } from "../../coordinator/testing.ts";
import type { Refusal } from "../../core/errors.ts";
import { type ClientId, clientIdOf } from "../../core/ids.ts";
import type { SignedReceipt } from "../../core/statements.ts";
import { floatsOf } from "../../core/tensors/digest.ts";
import { numCoordinates } from "../../core/tensors/schema.ts";
import type { Attack, Insider } from "../../simulations/attacks/attack.ts";
import { attackOf, parseAttack } from "../../simulations/attacks/registry.ts";
import { submittingBy } from "../../simulations/attacks/submitting.ts";
import { enrollMembers, type Member } from "../../simulations/lab/federation/members.ts";
import { silentLog } from "./federation.ts";
import { liveParts } from "./live-parts.ts";

const NUM_HONEST = 3;

export interface Siege {
  /** `Name:parameter=value` or one that is not in the registry. */
  readonly attack: string | Attack;
  readonly numAttackers?: number;
  readonly rounds?: number;
  /** Updates that a round waits for. */
  readonly quorum: number;
  readonly aggregation?: string;
  readonly inputs?: number;
  readonly limits?: Partial<Limits>;
  /** Told of every answer that an attacker's transport gets. */
  readonly answered?: (answer: SignedReceipt | Refusal) => void;
  /** What an honest client waits for before it sends its update. */
  readonly honestWait?: (round: number) => Promise<unknown>;
}

/** A job over gRPC on loopback: a real coordinator, deployed participants, some of them decorated by an attack. */
export async function besieged(siege: Siege) {
  const { numAttackers = 1, rounds = 2, quorum, inputs = 2, limits = {} } = siege;
  const federation = await testFederation(0, { limits });
  const { parts } = federation.coordinator;
  const server = await startServer({ parts, address: "127.0.0.1:0", tls: undefined });
  const numClients = NUM_HONEST + numAttackers;
  const address = `127.0.0.1:${server.port}`;
  const members = await enrollMembers(parts, { numClients, numAttackers, seed: "siege", address });
  const stop = new AbortController();
  const running = members.map((member) => runMember(member, members, siege, stop.signal));
  onTestFinished(async () => {
    stop.abort();
    await Promise.allSettled(running);
    await server.stop();
    await federation.coordinator.close();
  });
  while (!members.every(({ profile }) => parts.sessions.isConnected(profile.clientId))) await nextTurn();
  const { jobId } = await parts.jobs.start(
    `
job: siege
model: { builtin: softmax, inputs: ${inputs}, classes: 2 }
rounds: ${rounds}
round: { quorum: ${quorum}, graceMs: 0, deadlineMs: 30000, minUpdates: ${NUM_HONEST} }
local: { steps: 1, batchSize: 8 }
aggregation: ${siege.aggregation ?? "{ rule: { name: Median }, numByzantine: 1 }"}
`,
    "/",
  );
  await jobEnded(federation, jobId);
  return { ...reportOf(federation, eventsOf(federation, jobId)), members, federation };
}

async function runMember(member: Member, members: readonly Member[], siege: Siege, signal: AbortSignal): Promise<void> {
  const { profile, signer, isAttacker } = member;
  const { attack, detour } = isAttacker ? await attackOn(member, siege) : { attack: undefined, detour: undefined };
  const known = insider(member, members);
  const address = detour?.address ?? profile.address;
  const honest = grpcTransport({ profile: { ...profile, address }, signer, log: silentLog });
  const way = detour?.through(noting(honest, siege.answered)) ?? noting(honest, siege.answered);
  const transport: Transport = attack?.transport?.(way, known) ?? way;
  const trainer = steadyTrainer(isAttacker ? undefined : siege.honestWait);
  const run = participant({
    profile,
    signer,
    transport,
    trainer: attack?.trainer?.(trainer, known) ?? trainer,
    ledger: memoryLedger(),
    ...liveParts(),
  }).run(signal);
  await run.finally(() => {
    transport.close();
    return detour?.close();
  });
}

function noting(honest: Transport, answered: Siege["answered"] = () => undefined): Transport {
  return submittingBy(honest, (submit) => async (update, signal) => {
    const answer = await submit(update, signal);
    answered(answer);
    return answer;
  });
}

async function attackOn({ profile }: Member, { attack: named, numAttackers = 1 }: Siege) {
  const setting = { numClients: NUM_HONEST + numAttackers, numAttackers, numClasses: 2 };
  const attack = typeof named === "string" ? attackOf(parseAttack(named), setting) : named;
  return { attack, detour: await attack.detour?.(profile.address) };
}

/** Protocol attacks know nothing of others; Sybils are told what the first of them would send. */
function insider({ signer, name }: Member, members: readonly Member[]): Insider {
  const unknown = () => Promise.reject(new Error("not known on the wire"));
  const attackers = members.filter((it) => it.isAttacker);
  return {
    place: attackers.findIndex((it) => it.name === name),
    signer,
    places: () => [...attackers.keys()],
    exchange: async (_, delta) => attackers.map(() => delta.map(() => 42)),
    honest: unknown,
    honestNames: () => [],
    aggregate: unknown,
  };
}

/** Every honest client finds the same: one in each coordinate. */
function steadyTrainer(wait: Siege["honestWait"]): Trainer {
  return {
    description: "steady",
    close: async () => undefined,
    async train({ schema, round }) {
      await wait?.(round);
      return { delta: new Float32Array(numCoordinates(schema)).fill(1), numExamples: 10, metrics: {} };
    },
  };
}

type Events = ReturnType<typeof eventsOf>;

function reportOf({ coordinator: { parts } }: TestFederation, events: Events) {
  const of = <Type extends Events[number]["type"]>(type: Type) =>
    events.filter((event): event is Extract<Events[number], { type: Type }> => event.type === type);
  return {
    outcome: of("JobEnded")[0]?.outcome,
    closed: of("RoundClosed"),
    admitted: of("UpdateAdmitted"),
    refused: of("UpdateRefused"),
    equivocations: of("Equivocation"),
    counted: of("RefusalsCounted"),
    /** The delta that each round released. */
    released: () =>
      Promise.all(
        of("VersionCommitted").map(async ({ releasedDeltaSha256: digest }) => [
          ...floatsOf(parts.journal.inlineBlob(digest) ?? (await parts.blobs.read(digest))),
        ]),
      ),
  };
}

/** Names of the clients whose update counted, round after round. */
export function countedIn(closed: readonly { rows: readonly { clientId: ClientId }[] }[], members: readonly Member[]) {
  const names = new Map(members.map(({ name }) => [clientIdOf(name), name]));
  return closed.map(({ rows }) => rows.map(({ clientId }) => names.get(clientId)).sort());
}
