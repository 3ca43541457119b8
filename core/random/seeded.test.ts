import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "../ids.ts";
import { secureRandom } from "./secure.ts";
import { seededRandom } from "./seeded.ts";

const zeros = new Uint8Array(32);

test("the stream is AES-256-CTR, as openssl enc -aes-256-ctr prints it for a key and counter of zeros", () => {
  expect(toHex(seededRandom(zeros).bytes(32))).toBe("dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738b");
});

test("a double is 27 and 26 bits of two little-endian words (checked with Python)", () => {
  const random = seededRandom(zeros);
  const drawn = [random.uniform(), random.uniform(), random.uniform()];
  expect(drawn).toEqual([0.47168861729838363, 0.08060125654816575, 0.9825753772518365]);
});

test("how the reads are cut does not change the stream", () => {
  const whole = toHex(seededRandom(zeros).bytes(60_000));
  const length = fc.oneof(fc.nat({ max: 20 }), fc.integer({ min: 8_000, max: 20_000 }));
  fc.assert(
    fc.property(fc.array(length, { maxLength: 3 }), (lengths) => {
      const random = seededRandom(zeros);
      const read = Buffer.concat(lengths.map((it) => random.bytes(it))).toString("hex");
      expect(whole.startsWith(read)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("a double takes eight bytes of the stream, across buffers too", () => {
  const [one, other] = [seededRandom(zeros), seededRandom(zeros)];
  one.bytes(8_189);
  other.bytes(8_189);
  one.uniform();
  other.bytes(8);
  expect(toHex(one.bytes(16))).toBe(toHex(other.bytes(16)));
});

test("what is handed out is a copy: nobody reads on in the stream through it", () => {
  expect(seededRandom(zeros).bytes(16).buffer.byteLength).toBe(16);
});

test("another seed is another stream; a seed of another length is none", () => {
  expect(toHex(seededRandom(zeros.with(31, 1)).bytes(16))).not.toBe(toHex(seededRandom(zeros).bytes(16)));
  expect(() => seededRandom(new Uint8Array(16))).toThrow();
});

test.each([
  ["seeded", seededRandom(zeros)],
  ["secure", secureRandom],
])("%s doubles lie in [0, 1) around one half", (_, random) => {
  const draws = Array.from({ length: 10_000 }, () => random.uniform());
  expect(draws.every((it) => it >= 0 && it < 1)).toBe(true);
  // 8 standard errors of the mean of 10,000 uniforms
  expect(Math.abs(draws.reduce((sum, it) => sum + it, 0) / draws.length - 0.5)).toBeLessThan(8 * 0.0029);
  expect(random.bytes(7)).toHaveLength(7);
});
