import { expect, test } from "vitest";
import { updateOf } from "../../attacks/testing.ts";
import { memoryOutbox } from "./memory-client.ts";

test("an update is told of once it is answered, not when it is kept, and only once", async () => {
  const told: number[] = [];
  const outbox = memoryOutbox(({ round }) => told.push(round));
  const kept = [];
  for (const round of [1, 2]) {
    const { payload, ...update } = updateOf(round, Uint8Array.of(1, 2));
    kept.push(await outbox.keep({ ...update, payload: payload.bytes } as Parameters<typeof outbox.keep>[0]));
  }
  expect(told).toEqual([]);
  for (const index of [1, 0, 1]) await outbox.answered((kept[index] as (typeof kept)[number]).updateId);
  expect(told).toEqual([2, 1]);
});
