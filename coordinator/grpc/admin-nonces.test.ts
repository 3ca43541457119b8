import { expect, test } from "vitest";
import { secureRandom } from "../../core/random/secure.ts";
import { adminNonces } from "./admin-nonces.ts";

function clockAt() {
  const clock = { ms: 0, nowMs: () => 0, monotonicMs: () => clock.ms };
  return clock;
}

test("a nonce is good once, for a minute, at the process that issued it", () => {
  const clock = clockAt();
  const nonces = adminNonces(secureRandom, clock);
  const nonce = nonces.issue();
  expect(nonces.isFresh(nonce)).toBe(true);
  expect(adminNonces(secureRandom, clock).isFresh(nonce)).toBe(false);
  expect(nonces.spend(nonce)).toBe(true);
  expect(nonces.isFresh(nonce)).toBe(false);

  const other = nonces.issue();
  clock.ms = 59_999;
  expect(nonces.isFresh(other)).toBe(true);
  clock.ms = 60_000;
  expect(nonces.isFresh(other)).toBe(false);
  expect(nonces.isFresh(nonce)).toBe(false);
});

test("any flipped bit and any other length is refused", () => {
  const nonces = adminNonces(secureRandom, clockAt());
  const nonce = nonces.issue();
  for (let bit = 0; bit < nonce.length * 8; bit++) {
    const forged = Uint8Array.from(nonce);
    forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(nonces.isFresh(forged)).toBe(false);
  }
  for (const length of [0, 1, 24, 55]) expect(nonces.isFresh(nonce.subarray(0, length))).toBe(false);
  expect(nonces.isFresh(Buffer.concat([nonce, Buffer.alloc(1)]))).toBe(false);
});

test("spent nonces are remembered in bounded memory, and forgotten when they have expired anyway", () => {
  const clock = clockAt();
  const nonces = adminNonces(secureRandom, clock);
  for (let i = 0; i < 10_000; i++) expect(nonces.spend(nonces.issue())).toBe(true);
  expect(nonces.spend(nonces.issue())).toBe(false);
  clock.ms = 60_000;
  expect(nonces.spend(nonces.issue())).toBe(true);
});
