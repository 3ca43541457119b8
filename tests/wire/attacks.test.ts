import { expect, onTestFinished, test } from "vitest";
import { enroll } from "../../client/grpc/enroll.ts";
import { startServer } from "../../coordinator/grpc/server.ts";
import { testFederation } from "../../coordinator/testing.ts";
import { encodeHeader, updateIdOf, updateMessage } from "../../core/crypto/envelope.ts";
import { clientSigningKey, newSeed } from "../../core/crypto/sign.ts";
import { isRefusal } from "../../core/errors.ts";
import { toHex } from "../../core/ids.ts";
import type { Attack } from "../../simulations/attacks/attack.ts";
import { submittingBy } from "../../simulations/attacks/submitting.ts";
import { besieged, countedIn } from "./attacked-federation.ts";

const HONEST = ["client-1", "client-2", "client-3"];
const EVERYONE = [...HONEST, "client-4"];
const ONES = [1, 1, 1, 1, 1, 1];

test("Replay: what is sent again is answered, and counts once", async () => {
  const { outcome, closed, admitted, members, released } = await besieged({ attack: "Replay", rounds: 3, quorum: 4 });
  expect(outcome).toBe("completed");
  expect(countedIn(closed, members)).toEqual([EVERYONE, EVERYONE, EVERYONE]);
  expect(admitted).toHaveLength(12);
  expect(await released()).toEqual([ONES, ONES, ONES]);
});

test("Stale: an update to the task before answers nothing, and the round goes on", async () => {
  const { closed, members, released } = await besieged({ attack: "Stale", quorum: 3 });
  expect(countedIn(closed, members)).toEqual([HONEST, HONEST]);
  expect(await released()).toEqual([ONES, ONES]);
});

test("Equivocation: the first of two signed updates stands, and both are on record as proof", async () => {
  const bothAnswered = gate();
  let answers = 0;
  const answered = () => {
    answers += 1;
    if (answers === 2) bothAnswered.open();
  };
  const siege = { attack: "Equivocation", rounds: 1, quorum: 4, answered, honestWait: () => bothAnswered.opened };
  const { admitted, equivocations, members, released } = await besieged(siege);
  const attacker = members.at(-1)?.profile.clientId;
  const standing = admitted.find((it) => it.clientId === attacker);
  expect(equivocations).toMatchObject([{ clientId: attacker, standing: standing?.updateId }]);
  expect(equivocations[0]?.conflicting).not.toBe(standing?.updateId);
  expect(await released()).toEqual([ONES]);
});

test.each(["NaN", "Infinity", "-Infinity"])("NonFinite: %s is refused, and the round goes on", async (value) => {
  const { closed, refused, members, released } = await besieged({ attack: `NonFinite:value=${value}`, quorum: 4 });
  expect(refused.map((it) => it.code)).toEqual(["NOT_FINITE", "NOT_FINITE"]);
  expect(countedIn(closed, members)).toEqual([HONEST, HONEST]);
  expect(await released()).toEqual([ONES, ONES]);
});

test("WeightInflation: a claim of a billion examples weighs what the plan's cap says, and is on record", async () => {
  const aggregation = "{ rule: { name: FedAvg }, numByzantine: 0, weights: numExamples, maxExamples: 20 }";
  const { admitted } = await besieged({ attack: "WeightInflation", rounds: 1, quorum: 4, aggregation });
  expect(admitted.map((it) => [it.weight, it.cappedFrom]).sort()).toEqual([
    [10, undefined],
    [10, undefined],
    [10, undefined],
    [20, "1000000000"],
  ]);
});

test.each([
  ["-1, as an unsigned number", 2n ** 64n - 1n],
  ["beyond what a double holds", 2n ** 53n],
  ["none at all", 0n],
])("WeightInflation: %s is refused", async (_, numExamples) => {
  const attack: Attack = {
    knows: "none",
    transport: (honest, { signer }) =>
      submittingBy(honest, (submit) => (update, signal) => {
        const header = { ...update.header, numExamples };
        const headerBytes = encodeHeader(header);
        const signature = signer.sign(updateMessage(headerBytes));
        return submit({ ...update, header, headerBytes, signature, updateId: updateIdOf(headerBytes) }, signal);
      }),
  };
  const { refused, closed, members } = await besieged({ attack, rounds: 1, quorum: 4 });
  expect(refused.map((it) => it.code)).toEqual(["NUM_EXAMPLES_INVALID"]);
  expect(countedIn(closed, members)).toEqual([HONEST]);
});

test("Dropout: a quorum does not wait for who never answers", async () => {
  const { closed, members } = await besieged({ attack: "Dropout", quorum: 3 });
  expect(countedIn(closed, members)).toEqual([HONEST, HONEST]);
  expect(closed.map((it) => it.absent)).toEqual([members.slice(-1), members.slice(-1)].map((it) => it.map(idOf)));
});

test("Sybils: one delta under two names counts twice in a mean, and not at all in a median", async () => {
  const siege = { attack: "Sybils:source=0,target=1", numAttackers: 2, rounds: 1, quorum: 5 };
  const mean = await besieged({ ...siege, aggregation: "{ rule: { name: FedAvg }, numByzantine: 0 }" });
  const [deltas] = mean.closed.map(({ rows }) => rows.map((it) => it.payloadSha256));
  expect(new Set(deltas).size).toBe(2);
  expect((await mean.released())[0]?.[0]).toBeCloseTo((3 * 1 + 2 * 42) / 5, 4);
  const median = await besieged(siege);
  expect(await median.released()).toEqual([ONES]);
});

test("Sybils: one invitation makes one client, however many keys and names present it at once", async () => {
  const { coordinator } = await testFederation(0);
  const { parts } = coordinator;
  const server = await startServer({ parts, address: "127.0.0.1:0", tls: undefined });
  onTestFinished(() => server.stop());
  const { token, expiresAtMs } = await parts.clients.invite("site", 60_000);
  const { federationId, keys } = parts;
  const address = `127.0.0.1:${server.port}`;
  const [coordinatorKey, logKey] = [toHex(keys.coordinator.publicKey), toHex(keys.log.publicKey)];
  const bundle = { address, federationId, caCertificatePem: null, coordinatorKey, logKey, token, expiresAtMs };
  const names = ["site", "site", "site", "sybil-1", "sybil-2"];
  const attempts = names.map((name) => enroll({ ...bundle, clientName: name }, name, clientSigningKey(newSeed())));
  const outcomes = await Promise.allSettled(attempts);
  const codes = outcomes.map((it) => (it.status === "rejected" ? it.reason.code : "enrolled"));
  expect(codes.toSorted()).toEqual(["TOKEN_INVALID", "TOKEN_INVALID", "TOKEN_INVALID", "TOKEN_INVALID", "enrolled"]);
  expect(parts.clients.list()).toHaveLength(1);
});

test("FreeRider: zeros are admitted like anything else, and a median leaves them out", async () => {
  const { closed, members, released } = await besieged({ attack: "FreeRider:disguise=zero", rounds: 1, quorum: 4 });
  expect(countedIn(closed, members)).toEqual([EVERYONE]);
  expect(await released()).toEqual([ONES]);
});

test("SlowLoris: an upload that trickles is cut off, and the round goes on without it", async () => {
  const cutOff = gate();
  const { closed, members } = await besieged({
    attack: "SlowLoris:bytesPerSecond=200",
    ...{ inputs: 40_000, quorum: 3, rounds: 1 },
    limits: { minUploadBytesPerSecond: 4_096, slowWindowMs: 300 },
    answered: (answer) => isRefusal(answer) && answer.refused === "UPLOAD_TOO_SLOW" && cutOff.open(),
    honestWait: () => cutOff.opened,
  });
  expect(countedIn(closed, members)).toEqual([HONEST]);
});

const idOf = ({ profile }: { readonly profile: { readonly clientId: string } }) => profile.clientId;

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
