import { describe, expect, test } from "vitest";
import { type ErrorCode, FederationError, refuse } from "../core/errors.ts";
import { asJobId } from "../core/ids.ts";
import { openOutbox } from "./outbox.ts";
import { connected, connectedClient, eventually, heard, outboxIsEmpty, start } from "./participant.contract.ts";
import { aborted, FakeCoordinator, fakeParts, fakeTrainer, fakeWait, JOB, receiptFor, SILENT } from "./testing.ts";

const OTHER_JOB = asJobId("0b".repeat(16));

describe("an answer that is lost", () => {
  test("the acknowledgement: its receipt is asked for, nothing is sent twice", async () => {
    const { coordinator, folder } = await connectedClient();
    coordinator.submits = [() => failure("COORDINATOR_UNREACHABLE")];
    coordinator.receipts = [(updateId) => receiptFor(updateId)];
    coordinator.push(coordinator.task());
    await heard(coordinator, "receiptOf");
    await outboxIsEmpty(folder);
    expect(coordinator.heard).toEqual(["connect", "accept 1/1", "submit 1/1", "receiptOf"]);
  });

  test("the update: exactly the same bytes are sent again", async () => {
    const { coordinator, folder } = await connectedClient();
    coordinator.submits = [() => failure("COORDINATOR_UNREACHABLE"), (updateId) => receiptFor(updateId)];
    coordinator.push(coordinator.task());
    await eventually(() => expect(coordinator.arrivals).toHaveLength(2));
    await outboxIsEmpty(folder);
    const [first, second] = coordinator.arrivals;
    expect(second).toEqual(first);
  });

  test.each(["RATE_EXCEEDED", "DISK_FULL", "UPLOAD_TOO_SLOW", "SHUTTING_DOWN"] as const)(
    "%s passes: sent again",
    async (code) => {
      const wait = fakeWait();
      const { coordinator } = await connectedClient({ wait });
      coordinator.submits = [() => refuse(code, ""), (updateId) => receiptFor(updateId)];
      coordinator.push(coordinator.task());
      await eventually(() => expect(coordinator.arrivals).toHaveLength(2));
      expect(wait.waitedMs).toHaveLength(1);
    },
  );

  test("a final refusal is an answer: not sent again, not kept", async () => {
    const { coordinator, folder } = await connectedClient();
    coordinator.submits = [() => refuse("NORM_TOO_LARGE", "")];
    coordinator.push(coordinator.task());
    await heard(coordinator, "submit 1/1");
    await outboxIsEmpty(folder);
    coordinator.push(coordinator.task({ round: 2 }));
    await heard(coordinator, "submit 2/1");
    expect(coordinator.arrivals).toHaveLength(2);
  });
});

describe("a coordinator that restarts", () => {
  test("SHUTTING_DOWN on the way or as an answer: the same bytes are kept, and sent again", async () => {
    const { coordinator, folder } = await connectedClient();
    coordinator.submits = [() => failure("SHUTTING_DOWN"), () => refuse("SHUTTING_DOWN", ""), (id) => receiptFor(id)];
    coordinator.push(coordinator.task());
    await eventually(() => expect(coordinator.arrivals).toHaveLength(3));
    await outboxIsEmpty(folder);
    expect(new Set(coordinator.arrivals.map((it) => it.headerHex)).size).toBe(1);
  });

  test("stopped while it shuts down: the update stays in the outbox", async () => {
    const { coordinator, client, parts } = await connectedClient();
    coordinator.submits = [() => refuse("SHUTTING_DOWN", "")];
    coordinator.push(coordinator.task());
    await heard(coordinator, "submit 1/1");
    await client.stop();
    expect(await parts.outbox.unanswered()).toHaveLength(1);
  });

  /** A client whose update to round 1 was refused with JOB_UNKNOWN, and who has worked on another job since. */
  async function unheardClient(trainer = fakeTrainer()) {
    const client = await connectedClient({ trainer });
    const { coordinator } = client;
    coordinator.submits = [() => refuse("JOB_UNKNOWN", ""), (updateId) => receiptFor(updateId)];
    coordinator.push(coordinator.task());
    await heard(coordinator, "submit 1/1");
    coordinator.push(coordinator.task({ jobId: OTHER_JOB, round: 2 }));
    await heard(coordinator, "submit 2/1");
    return client;
  }

  test("JOB_UNKNOWN, then the same task again: the very bytes are sent again, nothing is trained twice", async () => {
    const trainer = fakeTrainer();
    const { coordinator, folder } = await unheardClient(trainer);
    coordinator.push(coordinator.task());
    await eventually(() => expect(coordinator.arrivals).toHaveLength(3));
    await outboxIsEmpty(folder);
    expect(coordinator.arrivals[2]).toEqual(coordinator.arrivals[0]);
    expect(trainer.tasks).toHaveLength(2);
  });

  test("JOB_UNKNOWN, then the job's next round or its end: the update is of no use and forgotten", async () => {
    const overtaken = await unheardClient();
    overtaken.coordinator.push(overtaken.coordinator.task({ round: 3 }));
    await outboxIsEmpty(overtaken.folder);
    const ended = await unheardClient();
    ended.coordinator.push({ type: "jobEnded", jobId: JOB, outcome: "stopped", reason: "" });
    await outboxIsEmpty(ended.folder);
  });

  test("JOB_UNKNOWN for an update of a week ago is final", async () => {
    const before = await unheardClient();
    await before.client.stop();
    expect(await before.parts.outbox.unanswered()).toHaveLength(1);
    const clock = { nowMs: () => 1_700_000_000_000 + 7 * 86_400_000, monotonicMs: () => 0 };
    const coordinator = new FakeCoordinator();
    coordinator.submits = [() => refuse("JOB_UNKNOWN", "")];
    await connectedClient({ clock, outbox: await openOutbox(before.folder, SILENT) }, coordinator);
    await heard(coordinator, "submit 1/1");
    await outboxIsEmpty(before.folder);
  });
});

describe("a connection that breaks", () => {
  test("during training: the work goes on, and is sent on the next connection, once", async () => {
    let finish = () => {};
    const good = fakeTrainer();
    const trainer = fakeTrainer(async (task) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return good.train(task);
    });
    const { coordinator } = await connectedClient({ trainer });
    const message = coordinator.task();
    coordinator.push(message);
    await eventually(() => expect(trainer.tasks).toHaveLength(1));
    coordinator.hangUp(new FederationError("COORDINATOR_UNREACHABLE", "cut"));
    await connected(coordinator);
    coordinator.push(message);
    finish();
    await heard(coordinator, "submit 1/1");
    coordinator.push(message);
    coordinator.push(coordinator.task({ round: 2 }));
    await eventually(() => expect(trainer.tasks).toHaveLength(2));
    expect(coordinator.heard.filter((it) => it.startsWith("submit 1"))).toHaveLength(1);
    finish();
  });

  test("a request that waits for an answer is made again on the next session", async () => {
    const { coordinator } = await connectedClient();
    coordinator.submits = [() => new Promise<never>(() => {}) as never, (updateId) => receiptFor(updateId)];
    coordinator.push(coordinator.task());
    await heard(coordinator, "submit");
    coordinator.hangUp();
    await eventually(() => expect(coordinator.arrivals).toHaveLength(2));
    expect(coordinator.heard).toEqual(["connect", "accept 1/1", "submit 1/1", "connect", "receiptOf", "submit 1/1"]);
  });

  test("waits double from half a second to the cap of 30 s, each half by chance; work then goes on", async () => {
    const wait = fakeWait();
    const coordinator = new FakeCoordinator();
    coordinator.connects = [...Array.from({ length: 9 }, () => new Error("refused")), undefined];
    await connectedClient({ wait }, coordinator);
    const ceilings = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
    expect(wait.waitedMs).toHaveLength(9);
    ceilings.forEach((ceiling, i) => {
      expect(wait.waitedMs[i]).toBeGreaterThanOrEqual(ceiling / 2);
      expect(wait.waitedMs[i]).toBeLessThan(ceiling);
    });
    coordinator.push(coordinator.task());
    await heard(coordinator, "submit 1/1");
  });

  test("a coordinator that hangs up at once is not stormed; a session that lasted resets the wait", async () => {
    const wait = fakeWait();
    let now = 0;
    const clock = { nowMs: () => 0, monotonicMs: () => now };
    const { coordinator } = await connectedClient({ wait, clock });
    for (const lived of [0, 0, 0, 60_000]) {
      now += lived;
      coordinator.hangUp();
      await connected(coordinator);
    }
    expect(wait.waitedMs[2]).toBeGreaterThanOrEqual(1_000);
    expect(wait.waitedMs[3]).toBeLessThan(500);
  });

  test.each(["CLIENT_REVOKED", "CLIENT_UNKNOWN", "PROTOCOL_UNSUPPORTED"] as const)(
    "%s ends the client",
    async (code) => {
      const coordinator = new FakeCoordinator();
      coordinator.connects = [new FederationError(code, "for good")];
      const { ended } = start(await fakeParts(coordinator));
      expect(await ended).toMatchObject({ code });
      expect(coordinator.heard).toEqual(["connect"]);
    },
  );

  test("revoked in mid-training: training is aborted and the client ends", async () => {
    const trainer = fakeTrainer((task) => aborted(task.signal));
    const { coordinator, client } = await connectedClient({ trainer });
    coordinator.push(coordinator.task());
    await eventually(() => expect(trainer.tasks).toHaveLength(1));
    coordinator.hangUp(new FederationError("CLIENT_REVOKED", "for good"));
    expect(await client.ended).toMatchObject({ code: "CLIENT_REVOKED" });
    expect(trainer.tasks[0]?.signal.aborted).toBe(true);
  });
});

describe("stopping and starting again", () => {
  test("a stop in mid-training aborts it and ends in good order", async () => {
    const trainer = fakeTrainer((task) => aborted(task.signal));
    const { coordinator, client } = await connectedClient({ trainer });
    coordinator.push(coordinator.task());
    await eventually(() => expect(trainer.tasks).toHaveLength(1));
    await client.stop();
    expect(await client.ended).toBe("ended");
    expect(coordinator.heard.join()).not.toContain("decline");
  });

  test("an unanswered update is asked for, then resent byte for byte; its task is not trained again", async () => {
    const before = await connectedClient();
    before.coordinator.submits = [() => failure("INTERNAL")];
    before.coordinator.push(before.coordinator.task());
    await heard(before.coordinator, "submit 1/1");
    await before.client.stop();

    const trainer = fakeTrainer();
    const { coordinator, folder } = await connectedClient({ trainer, outbox: await openOutbox(before.folder, SILENT) });
    coordinator.push(coordinator.task());
    coordinator.push(coordinator.task({ jobId: OTHER_JOB, round: 2 }));
    await heard(coordinator, "submit 2/1");
    coordinator.push(coordinator.task({ round: 3 }));
    await heard(coordinator, "submit 3/1");
    await outboxIsEmpty(folder);
    expect(coordinator.heard.slice(0, 3)).toEqual(["connect", "receiptOf", "submit 1/1"]);
    expect(coordinator.arrivals[0]).toEqual(before.coordinator.arrivals[0]);
    expect(trainer.tasks.map((it) => it.round)).toEqual([2, 3]);
    expect(coordinator.arrivals.map((it) => it.header.clientSeq)).toEqual([1, 1, 65]);
  });

  test("an answer that came while it was down is all it needs", async () => {
    const before = await connectedClient();
    before.coordinator.submits = [() => failure("INTERNAL")];
    before.coordinator.push(before.coordinator.task());
    await heard(before.coordinator, "submit 1/1");
    await before.client.stop();

    const coordinator = new FakeCoordinator();
    coordinator.receipts = [(updateId) => receiptFor(updateId)];
    await connectedClient({ outbox: await openOutbox(before.folder, SILENT) }, coordinator);
    await heard(coordinator, "receiptOf");
    await outboxIsEmpty(before.folder);
    expect(coordinator.arrivals).toEqual([]);
  });
});

function failure(code: ErrorCode): never {
  throw new FederationError(code, "the stream broke");
}
