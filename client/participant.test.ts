import { describe, expect, test } from "vitest";
import { canonicalBytes } from "../core/crypto/canonical-json.ts";
import { updateMessage } from "../core/crypto/envelope.ts";
import { sha256 } from "../core/crypto/sha256.ts";
import { verifier } from "../core/crypto/verify.ts";
import { FederationError } from "../core/errors.ts";
import { asClientId, asFederationId, asJobId, fromHex, ZERO_DIGEST } from "../core/ids.ts";
import { bytesOf, schemaDigest } from "../core/tensors/digest.ts";
import { connectedClient, eventually, heard, outboxIsEmpty } from "./participant.contract.ts";
import {
  aborted,
  BASE_MODEL,
  CENTRAL,
  FEDERATION,
  fakeTrainer,
  JOB,
  PROFILE,
  planWith,
  receiptFor,
  SCHEMA,
  SIGNER,
} from "./testing.ts";

const OTHER_JOB = asJobId("0b".repeat(16));

describe("a round", () => {
  test("from the task to the receipt: accepted, trained, signed, sent, forgotten", async () => {
    const trainer = fakeTrainer();
    const { coordinator, folder } = await connectedClient({ trainer });
    const message = coordinator.task({ round: 3, attempt: 2 });
    coordinator.push(message);
    await heard(coordinator, "submit 3/2");
    await outboxIsEmpty(folder);

    expect(coordinator.heard).toEqual(["connect", "accept 3/2", "submit 3/2"]);
    expect(trainer.tasks).toMatchObject([{ jobId: JOB, round: 3, attempt: 2, baseModel: BASE_MODEL, schema: SCHEMA }]);
    const [{ header, headerHex, signatureHex, payload }] = coordinator.arrivals as [
      (typeof coordinator.arrivals)[number],
    ];
    expect([...payload]).toEqual([3, 0, 0, 4, 0, 0]);
    const { statement } = message.task;
    expect(header).toEqual({
      federationId: FEDERATION,
      jobId: JOB,
      round: 3,
      attempt: 2,
      clientId: PROFILE.clientId,
      keyEpoch: 1,
      serverNonce: statement.serverNonce,
      baseModelSha256: sha256(bytesOf(BASE_MODEL)),
      planSha256: statement.planSha256,
      tensorSchemaSha256: schemaDigest(SCHEMA),
      payloadSha256: sha256(bytesOf(payload)),
      payloadLength: 24,
      codec: 0,
      numExamples: 600n,
      metricsSha256: sha256('{"loss":0.5}'),
      secaggSession: ZERO_DIGEST,
      clientSeq: 1,
      issuedAtMs: 1_700_000_000_000,
      dpClaimSha256: ZERO_DIGEST,
    });
    expect(verifier(SIGNER.publicKey).verify(updateMessage(fromHex(headerHex)), fromHex(signatureHex))).toBe(true);
  });

  test("the batch seed is SHA-256 of plan digest, round and client id", async () => {
    const trainer = fakeTrainer();
    const { coordinator } = await connectedClient({ trainer });
    const message = coordinator.task({ round: 3 });
    coordinator.push(message);
    await heard(coordinator, "submit");
    const expected = sha256(
      fromHex(message.task.statement.planSha256),
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 3),
      fromHex(PROFILE.clientId),
    );
    expect(Buffer.from(trainer.tasks[0]?.batchSeed ?? []).toString("hex")).toBe(expected);
  });

  test("under central privacy the delta is clipped and the number of examples is not told", async () => {
    const { coordinator } = await connectedClient();
    coordinator.push(coordinator.task({}, planWith({ privacy: CENTRAL })));
    await heard(coordinator, "submit");
    const [arrival] = coordinator.arrivals;
    expect(Math.hypot(...(arrival?.payload ?? []))).toBeLessThanOrEqual(0.5);
    expect(arrival?.payload[0]).toBeCloseTo(0.3, 6);
    expect(arrival?.header.numExamples).toBe(0n);
  });

  test("an abandoned attempt is trained again from the same base; sequence numbers rise", async () => {
    const trainer = fakeTrainer();
    const { coordinator } = await connectedClient({ trainer });
    for (const attempt of [1, 2]) {
      coordinator.push(coordinator.task({ attempt }));
      await heard(coordinator, `submit 1/${attempt}`);
    }
    expect(trainer.tasks.map((it) => it.attempt)).toEqual([1, 2]);
    expect(trainer.tasks[0]?.batchSeed).toEqual(trainer.tasks[1]?.batchSeed);
    expect(coordinator.arrivals.map((it) => it.header.clientSeq)).toEqual([1, 2]);
  });

  test("two jobs: one is trained after the other, neither is lost", async () => {
    const trainer = fakeTrainer();
    const { coordinator } = await connectedClient({ trainer });
    coordinator.push(coordinator.task());
    coordinator.push(coordinator.task({ jobId: OTHER_JOB, serverNonce: sha256("other") }));
    await eventually(() => expect(coordinator.arrivals.map((it) => it.header.jobId)).toEqual([JOB, OTHER_JOB]));
    expect(coordinator.arrivals.map((it) => it.header.clientSeq)).toEqual([1, 1]);
  });
});

describe("what the coordinator says is checked", () => {
  const foreign = { clientId: asClientId("00".repeat(16)), federationId: asFederationId("00".repeat(16)) };

  test.each([
    ["another client's task", { clientId: foreign.clientId }],
    ["another federation's task", { federationId: foreign.federationId }],
    ["a schema that is not the plan's", { tensorSchemaSha256: ZERO_DIGEST }],
    ["a round beyond the plan's last", { round: 21 }],
  ])("%s is declined", async (_what, changes) => {
    const trainer = fakeTrainer();
    const { coordinator } = await connectedClient({ trainer });
    coordinator.push(coordinator.task(changes));
    await heard(coordinator, "TASK_INVALID");
    expect(trainer.tasks).toEqual([]);
  });

  test("a task with one flipped bit is declined, and the next one is taken", async () => {
    const { coordinator } = await connectedClient();
    const { task } = coordinator.task();
    const bytes = Uint8Array.from(task.bytes);
    bytes[20] = (bytes[20] as number) ^ 1;
    coordinator.push({ type: "task", task: { ...task, bytes } });
    await heard(coordinator, "decline 1/1 TASK_INVALID");
    coordinator.push(coordinator.task({ round: 2 }));
    await heard(coordinator, "submit 2/1");
  });

  test.each([
    ["plan", canonicalBytes(planWith()), canonicalBytes(planWith({ rounds: 19 }))],
    ["base model", bytesOf(BASE_MODEL), bytesOf(BASE_MODEL.map((it) => -it))],
  ])("another %s than the task names is declined, however well formed", async (_which, named, sent) => {
    const trainer = fakeTrainer();
    const { coordinator } = await connectedClient({ trainer });
    const message = coordinator.task();
    coordinator.blobs.set(sha256(named), sent);
    coordinator.push(message);
    await heard(coordinator, "TASK_INVALID");
    expect(trainer.tasks).toEqual([]);
  });

  test.each([
    ["a plan that is not canonical", Buffer.from(JSON.stringify(planWith(), null, 1))],
    ["a plan with an unknown key", canonicalBytes({ ...planWith(), surprise: 1 })],
    ["a plan that is no JSON", Buffer.from("{")],
  ])("%s is declined", async (_what, planBytes) => {
    const { coordinator } = await connectedClient();
    coordinator.blobs.set(sha256(planBytes), planBytes);
    coordinator.push(coordinator.task({ planSha256: sha256(planBytes) }));
    await heard(coordinator, "TASK_INVALID");
  });

  test("what the digests of blobs are is for whoever opened the client to say", async () => {
    const asked: Uint8Array[] = [];
    const { coordinator } = await connectedClient({
      digestOf: (bytes) => {
        asked.push(bytes);
        return asked.length === 1 ? sha256(bytes) : ZERO_DIGEST;
      },
    });
    coordinator.push(coordinator.task());
    await heard(coordinator, "TASK_INVALID");
    expect(asked.map(Buffer.from)).toEqual([canonicalBytes(planWith()), bytesOf(BASE_MODEL)].map(Buffer.from));
  });

  test("a base model of another length is declined", async () => {
    const { coordinator } = await connectedClient();
    const short = bytesOf(BASE_MODEL.subarray(1));
    coordinator.blobs.set(sha256(short), short);
    coordinator.push(coordinator.task({ baseModelSha256: sha256(short) }));
    await heard(coordinator, "TASK_INVALID");
  });

  test.each([
    ["another update's", () => receiptFor(ZERO_DIGEST)],
    ["a tampered", (id: typeof ZERO_DIGEST) => ({ ...receiptFor(id), bytes: canonicalBytes({ updateId: id }) })],
  ])("%s receipt is none: the update stays in the outbox, and work goes on", async (_what, answer) => {
    const { coordinator, parts } = await connectedClient();
    coordinator.submits = [answer, (updateId) => receiptFor(updateId)];
    coordinator.push(coordinator.task());
    await heard(coordinator, "submit 1/1");
    coordinator.push(coordinator.task({ round: 2 }));
    await heard(coordinator, "submit 2/1");
    await eventually(async () => expect(await parts.outbox.unanswered()).toHaveLength(1));
    expect((await parts.outbox.unanswered())[0]?.header.round).toBe(1);
  });
});

describe("the site's policy", () => {
  test("a task against it is declined with the reason, before training", async () => {
    const trainer = fakeTrainer();
    const { coordinator } = await connectedClient({ trainer, policy: { requireCentralPrivacy: false, maxRounds: 10 } });
    coordinator.push(coordinator.task());
    await heard(coordinator, "decline 1/1 POLICY_REFUSED: 20 rounds; at most 10 allowed");
    expect(trainer.tasks).toEqual([]);
    expect(coordinator.heard.join()).not.toContain("accept");
  });

  test("a later task of the same job that weakens it is declined too", async () => {
    const { coordinator } = await connectedClient({ policy: { requireCentralPrivacy: false, minCohort: 5 } });
    coordinator.push(coordinator.task());
    await heard(coordinator, "submit 1/1");
    coordinator.push(coordinator.task({ round: 2, cohortSize: 4 }));
    await heard(coordinator, "decline 2/1 POLICY_REFUSED: a cohort of 4; at least 5 required");
  });
});

describe("training that fails", () => {
  test.each([
    ["throws", async () => Promise.reject(new FederationError("TRAINER_FAILED", "row 17: patient Doe"))],
    ["gives another length", async () => ({ delta: new Float32Array(5), numExamples: 1, metrics: {} })],
    ["gives half an example", async () => ({ delta: new Float32Array(6), numExamples: 0.5, metrics: {} })],
    ["gives a metric of NaN", async () => ({ delta: new Float32Array(6), numExamples: 1, metrics: { loss: NaN } })],
  ])("a trainer that %s: declined without a local detail, and work goes on", async (_what, failure) => {
    let calls = 0;
    const good = fakeTrainer();
    const trainer = fakeTrainer((task) => (++calls === 1 ? failure() : good.train(task)));
    const { coordinator } = await connectedClient({ trainer });
    coordinator.push(coordinator.task());
    await heard(coordinator, "decline 1/1 TRAINER_FAILED: Local training failed.");
    coordinator.push(coordinator.task({ round: 2 }));
    await heard(coordinator, "submit 2/1");
    expect(coordinator.heard.join()).not.toContain("Doe");
  });
});

describe("an attempt that is over", () => {
  const hanging = () => fakeTrainer((task) => aborted(task.signal));
  const key = { jobId: JOB, round: 1, attempt: 1 };

  test.each([
    ["cancelled", { type: "cancel", task: key, reason: "enough updates" }],
    ["closed", { type: "roundClosed", task: key, counted: false, modelSha256: ZERO_DIGEST }],
    ["ended with its job", { type: "jobEnded", jobId: JOB, outcome: "stopped", reason: "by the operator" }],
  ] as const)("%s: training is aborted and nothing is sent", async (_what, message) => {
    const trainer = hanging();
    const { coordinator } = await connectedClient({ trainer });
    coordinator.push(coordinator.task());
    await eventually(() => expect(trainer.tasks).toHaveLength(1));
    coordinator.push(message);
    await eventually(() => expect(trainer.tasks[0]?.signal.aborted).toBe(true));
    expect(coordinator.heard).toEqual(["connect", "accept 1/1"]);
  });

  test("overtaken by a newer attempt: the newer one is trained", async () => {
    const good = fakeTrainer();
    const trainer = fakeTrainer((task) => (task.attempt === 1 ? aborted(task.signal) : good.train(task)));
    const { coordinator } = await connectedClient({ trainer });
    coordinator.push(coordinator.task());
    await eventually(() => expect(trainer.tasks).toHaveLength(1));
    coordinator.push(coordinator.task({ attempt: 2 }));
    await heard(coordinator, "submit 1/2");
    expect(coordinator.heard).toEqual(["connect", "accept 1/1", "accept 1/2", "submit 1/2"]);
  });

  test("past its deadline: training is aborted, whatever the connection does", async () => {
    const trainer = hanging();
    const { coordinator } = await connectedClient({ trainer });
    coordinator.push(coordinator.task({ deadlineMs: 5_000 }));
    await eventually(() => expect(trainer.tasks[0]?.signal.aborted ?? false).toBe(true));
  });
});
