import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../ids.ts";
import { clientSigningKey } from "./sign.ts";
import { isAcceptablePublicKey, verifier } from "./verify.ts";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const key = clientSigningKey(new Uint8Array(32).fill(7));
const message = Buffer.from("one update");
const signature = key.sign(message);

function encode(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

function withSignBit(point: Uint8Array): Uint8Array {
  const flipped = Uint8Array.from(point);
  flipped[31] = (flipped[31] as number) ^ 0x80;
  return flipped;
}

describe("a verifier", () => {
  test("accepts the signature of its key over its message and no other", () => {
    expect(verifier(key.publicKey).verify(message, signature)).toBe(true);
    expect(verifier(key.publicKey).verify(Buffer.from("one Update"), signature)).toBe(false);
    expect(verifier(clientSigningKey(new Uint8Array(32)).publicKey).verify(message, signature)).toBe(false);
  });

  test("refuses a signature with any single bit flipped", () => {
    const { verify } = verifier(key.publicKey);
    for (let bit = 0; bit < 512; bit++) {
      const flipped = Uint8Array.from(signature);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verify(message, flipped)).toBe(false);
    }
  });

  test("answers false, and does not throw, for bytes of any length", () => {
    const { verify } = verifier(key.publicKey);
    for (const length of [0, 1, 63, 65, 128]) expect(verify(message, new Uint8Array(length))).toBe(false);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => !verify(message, bytes)));
  });

  test("refuses S + L, the second form of the same signature", () => {
    const s = BigInt(`0x${toHex(Uint8Array.from(signature.subarray(32)).reverse())}`);
    const malleated = Buffer.concat([signature.subarray(0, 32), encode(s + L)]);
    expect(verifier(key.publicKey).verify(message, malleated)).toBe(false);
  });

  test("of a weak key is not made", () => {
    const weak = { code: "PUBLIC_KEY_WEAK" };
    expect(() => verifier(encode(1n))).toThrow(expect.objectContaining(weak));
    expect(() => verifier(new Uint8Array(33))).toThrow(expect.objectContaining(weak));
  });
});

describe("an acceptable public key", () => {
  test("is what a seed makes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) =>
        isAcceptablePublicKey(clientSigningKey(seed).publicKey),
      ),
      { numRuns: 10 },
    );
  });

  test("has 32 bytes", () => {
    for (const length of [0, 31, 33, 64]) expect(isAcceptablePublicKey(new Uint8Array(length).fill(7))).toBe(false);
  });

  test("has the one encoding of its y: below p", () => {
    for (let excess = 0n; excess < 19n; excess++) {
      expect(isAcceptablePublicKey(encode(P + excess))).toBe(false);
      expect(isAcceptablePublicKey(withSignBit(encode(P + excess)))).toBe(false);
    }
    expect(isAcceptablePublicKey(encode(P - 2n))).toBe(true);
  });

  test("is none of the eight points of small order, found here by doubling", () => {
    const points = torsion();
    expect(points).toHaveLength(8);
    for (const y of points.map((point) => encode(point.y))) {
      expect(isAcceptablePublicKey(y)).toBe(false);
      expect(isAcceptablePublicKey(withSignBit(y))).toBe(false);
    }
  });
});

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** The eight multiples of a point of order 8 on -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1). */
function torsion(): Point[] {
  const d = mod(-121665n * inverse(121666n));
  const add = (a: Point, b: Point): Point => {
    const product = mod(d * a.x * b.x * a.y * b.y);
    return {
      x: mod((a.x * b.y + b.x * a.y) * inverse(1n + product)),
      y: mod((a.y * b.y + a.x * b.x) * inverse(1n - product)),
    };
  };
  // a point doubles to order 4, to y = 0, when y^2 = -x^2: then d x^4 - 2 x^2 - 1 = 0, up to sign
  const squares = [1n, -1n].map((sign) => mod((1n + sign * squareRoot(1n + d)) * inverse(d)));
  const xx = squares.find((square) => power(square, (P - 1n) / 2n) === 1n) as bigint;
  const x = squareRoot(xx);
  const generator = { x, y: squareRoot(-xx) };
  const points = [generator];
  while (points.length < 8) points.push(add(points[points.length - 1] as Point, generator));
  expect(points[7]).toEqual({ x: 0n, y: 1n });
  return [...new Map(points.map((point) => [`${point.x},${point.y}`, point])).values()];
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
  return result;
}

function inverse(value: bigint): bigint {
  return power(value, P - 2n);
}

/** RFC 8032, section 5.1.3, step 3. */
function squareRoot(value: bigint): bigint {
  const root = power(value, (P + 3n) / 8n);
  const other = mod(root * power(2n, (P - 1n) / 4n));
  return mod(root * root) === mod(value) ? root : other;
}
