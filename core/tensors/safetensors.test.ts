import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toHex } from "../ids.ts";
import { bytesOf } from "./digest.ts";
import {
  parseSafetensorsHeader,
  payloadOffset,
  readSafetensors,
  safetensorsHeader,
  writeSafetensors,
} from "./safetensors.ts";
import { numCoordinates, type TensorSchema } from "./schema.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-tensors-"));
  path = join(folder, "model.safetensors");
});
afterAll(() => rm(folder, { recursive: true }));

const invalid = expect.objectContaining({ code: "TENSOR_FILE_INVALID" });
const floats = (...values: number[]) => Buffer.from(bytesOf(Float32Array.from(values)));

/** A file with this header text before these values. */
function fileOf(json: string | Buffer, payload: Uint8Array = new Uint8Array()): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([length, Buffer.from(json), payload]);
}

const entry = (shape: number[], start: number, end: number, dtype = "F32") =>
  JSON.stringify({ dtype, shape, data_offsets: [start, end] });

const schemas: fc.Arbitrary<TensorSchema> = fc.uniqueArray(
  fc.record({
    name: fc.oneof(fc.string({ unit: "binary" }), fc.nat().map(String)).filter((name) => name !== "__proto__"),
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
  }),
  { selector: (tensor) => tensor.name, maxLength: 6 },
);

describe("the header", () => {
  test("of a schema, to the byte", () => {
    const header = Buffer.from(safetensorsHeader([{ name: "b", shape: [2] }]));
    expect(header.readBigUInt64LE()).toBe(56n);
    expect(header.toString("utf8", 8)).toBe('{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ');
  });

  test("gives the schema back in its order, whatever the names, and aligns the values", () => {
    fc.assert(
      fc.property(schemas, (schema) => {
        const header = safetensorsHeader(schema);
        expect(header.length % 8).toBe(0);
        expect(payloadOffset(header.subarray(0, 8))).toBe(header.length);
        expect(parseSafetensorsHeader(header)).toEqual({ schema, metadata: {} });
      }),
    );
  });

  test.each([
    [
      "one name twice",
      [
        { name: "a", shape: [1] },
        { name: "a", shape: [2] },
      ],
    ],
    ["the format's own name", [{ name: "__metadata__", shape: [1] }]],
    ["a name that no JavaScript object holds", [{ name: "__proto__", shape: [1] }]],
    ["an empty tensor", [{ name: "a", shape: [2, 0] }]],
    ["a size no double holds", [{ name: "a", shape: [2 ** 30, 2 ** 30] }]],
    ["a fractional size", [{ name: "a", shape: [0.3] }]],
  ])("is not made for %s", (_, schema) => {
    expect(() => safetensorsHeader(schema)).toThrow(invalid);
  });
});

describe("a file", () => {
  test("comes back as it was written", async () => {
    const schema = [
      { name: "dense/kernel", shape: [2, 3] },
      { name: "10", shape: [] },
      { name: "2", shape: [1] },
    ];
    const values = Float32Array.of(0, -0, 1e-45, 3.5, Number.NaN, Infinity, 7, 8);
    await writeSafetensors(path, schema, values);
    const file = await readSafetensors(path);
    expect(file.schema).toEqual(schema);
    expect(toHex(bytesOf(file.values))).toBe(toHex(bytesOf(values)));
    expect((await readFile(path)).subarray(-32).equals(bytesOf(values))).toBe(true);
  });

  test("written by Python's safetensors 0.8.0 reads: metadata, and tensors in an order of its own", async () => {
    const json =
      '{"__metadata__":{"format":"np"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"w":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]}}   ';
    await writeFile(path, fileOf(json, floats(-1.5, 2.25, 0, 0.25, 0.5, 0.75, 1, 1.25)));
    const file = await readSafetensors(path);
    expect(file.metadata).toEqual({ format: "np" });
    expect(file.schema).toEqual([
      { name: "b", shape: [2] },
      { name: "w", shape: [2, 3] },
    ]);
    expect([...file.values]).toEqual([-1.5, 2.25, 0, 0.25, 0.5, 0.75, 1, 1.25]);
  });

  test("names its tensors in payload order, not in the header's", async () => {
    await writeFile(path, fileOf(`{"late":${entry([1], 4, 8)},"early":${entry([1], 0, 4)}}`, floats(1, 2)));
    expect((await readSafetensors(path)).schema.map((tensor) => tensor.name)).toEqual(["early", "late"]);
  });

  test("of another length than its schema is not written", async () => {
    const mismatch = expect.objectContaining({ code: "SCHEMA_MISMATCH" });
    await expect(writeSafetensors(path, [{ name: "a", shape: [2] }], new Float32Array(3))).rejects.toThrow(mismatch);
  });

  test("that is missing is said to be missing; a folder is not a tensor file", async () => {
    const missing = expect.objectContaining({ code: "FILE_MISSING" });
    await expect(readSafetensors(join(folder, "none"))).rejects.toThrow(missing);
    await expect(readSafetensors(folder)).rejects.toThrow(invalid);
  });

  const eight = floats(1, 2);
  const longLength = Buffer.alloc(8);
  longLength.writeBigUInt64LE(2n ** 63n);
  test.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["seven bytes", Buffer.alloc(7)],
    ["a header longer than the file", fileOf("{}").subarray(0, 9)],
    ["a header of 2^63 bytes", longLength],
    ["no JSON", fileOf("hello")],
    ["a header that is no object", fileOf("[]")],
    ["bytes that are no UTF-8", fileOf(Buffer.from([0x7b, 0xff, 0x7d]))],
    ["another type", fileOf(`{"a":${entry([1], 0, 8, "F64")}}`, eight)],
    ["an unknown key in an entry", fileOf(`{"a":${entry([2], 0, 8).replace("{", '{"x":1,')}}`, eight)],
    ["a negative size", fileOf(`{"a":${entry([-1, -2], 0, 8)}}`, eight)],
    ["a fractional size", fileOf(`{"a":${entry([0.5, 4], 0, 8)}}`, eight)],
    ["an empty tensor", fileOf(`{"a":${entry([2], 0, 8)},"b":${entry([0], 8, 8)}}`, eight)],
    ["offsets that are not its shape's", fileOf(`{"a":${entry([1], 0, 8)}}`, eight)],
    ["a start inside the tensor before", fileOf(`{"a":${entry([1], 0, 4)},"b":${entry([1], 2, 8)}}`, eight)],
    ["an end beyond its shape", fileOf(`{"a":${entry([2], 0, 12)}}`, eight)],
    ["a gap", fileOf(`{"a":${entry([1], 0, 4)},"b":${entry([1], 8, 12)}}`, floats(1, 2, 3))],
    ["a gap at the start", fileOf(`{"a":${entry([1], 4, 8)}}`, eight)],
    ["an overlap", fileOf(`{"a":${entry([2], 0, 8)},"b":${entry([1], 4, 8)}}`, eight)],
    ["one place named twice", fileOf(`{"a":${entry([2], 0, 8)},"b":${entry([2], 0, 8)}}`, eight)],
    ["a tensor twice", fileOf(`{"a":${entry([1, 2], 0, 8)},"a":${entry([2], 0, 8)}}`, eight)],
    ["a shape twice", fileOf(`{"a":${entry([2], 0, 8).replace("{", '{"shape":[1,2],')}}`, eight)],
    ["a tensor named __proto__", fileOf(`{"__proto__":${entry([2], 0, 8)}}`, eight)],
    ["metadata twice", fileOf(`{"__metadata__":{"k":":"},"__metadata__":{},"a":${entry([2], 0, 8)}}`, eight)],
    ["metadata that is no text", fileOf(`{"__metadata__":{"k":1},"a":${entry([2], 0, 8)}}`, eight)],
    ["fewer values", fileOf(`{"a":${entry([2], 0, 8)}}`, floats(1))],
    ["more values", fileOf(`{"a":${entry([2], 0, 8)}}`, floats(1, 2, 3))],
    ["a size beyond any file", fileOf(`{"a":${entry([2 ** 30, 2 ** 30], 0, 2 ** 52)}}`, eight)],
  ])("with %s is refused, by name", async (_, bytes) => {
    await writeFile(path, bytes);
    await expect(readSafetensors(path)).rejects.toThrow(invalid);
    await expect(readSafetensors(path)).rejects.toThrow(path);
  });

  test("with any one byte of its header changed is refused or names another schema, and never crashes", async () => {
    const schema = [
      { name: "a", shape: [2] },
      { name: "b", shape: [1] },
    ];
    const header = safetensorsHeader(schema);
    fc.assert(
      fc.property(fc.nat(header.length - 9), fc.nat(255), (at, byte) => {
        const changed = header.with(8 + at, byte);
        try {
          const parsed = parseSafetensorsHeader(changed);
          expect(numCoordinates(parsed.schema)).toBe(3);
        } catch (error) {
          expect(error).toEqual(invalid);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
