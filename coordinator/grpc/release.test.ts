import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { releaser } from "./release.ts";

test("a large message is gone at once, and the memory of many does not pile up", async () => {
  const release = releaser();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 400; i++) {
    const message = Buffer.allocUnsafeSlow(1 << 20).subarray(20);
    release(message);
    expect(message.length).toBe(0);
    await setImmediate();
  }
  // of 400 MiB: what else this process holds and lets go of meanwhile is far less
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 << 20);
});

test("bytes that share their memory with others stay", () => {
  const release = releaser();
  const pooled = Buffer.from("small");
  const half = Buffer.alloc(1 << 20).subarray(1 << 19);
  const shared = new Uint8Array(new SharedArrayBuffer(1 << 20));
  for (const bytes of [pooled, half, shared]) {
    const { length } = bytes;
    release(bytes);
    expect(bytes.length).toBe(length);
  }
});
