import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { FederationError } from "../errors.ts";
import { bytesOf, floatsOf } from "./digest.ts";
import { numCoordinates, sizeOf, type TensorSchema } from "./schema.ts";
import { invalidTensorFile as invalid, readTensorFile, type TensorFile } from "./tensor-file.ts";

/**
 * The safetensors format (huggingface/safetensors, README): a little-endian u64 length, a JSON header of that length
 * naming every tensor's type, shape and place, then the values. Only float32 is read and written.
 */
export interface SafetensorsHeader {
  /** In payload order. */
  readonly schema: TensorSchema;
  /** Free text of whoever wrote the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The values take the bytes [offset, offset + sizeBytes) of the file. */
export interface SafetensorsLayout extends SafetensorsHeader {
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface SafetensorsFile extends SafetensorsHeader {
  /** d values in schema order. */
  readonly values: Float32Array;
}

const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 16 * 2 ** 20;

const headerJson = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(
  z.strictObject({
    dtype: z.literal("F32"),
    shape: z.array(z.int().min(1)),
    data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
  }),
);

/**
 * The bytes that go before the values of this schema: deterministic, tensors in schema order without gaps, padded
 * with spaces so that the values start at a multiple of 8.
 * @throws TENSOR_FILE_INVALID for a schema the format cannot hold: a name twice or reserved, an empty tensor
 */
export function safetensorsHeader(schema: TensorSchema): Uint8Array {
  checkNames(schema);
  let end = 0;
  const entries = schema.map(({ name, shape }) => {
    const start = end;
    end += 4 * sizeOf(shape);
    if (end === start || !Number.isSafeInteger(end)) throw invalid(`tensor ${name} has size ${sizeOf(shape)}`);
    // text, not an object: an object would move integer-like names to the front
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: "F32", shape, data_offsets: [start, end] })}`;
  });
  const json = Buffer.from(`{${entries.join(",")}}`);
  const header = Buffer.alloc(LENGTH_BYTES + 8 * Math.ceil(json.length / 8), " ");
  header.writeBigUInt64LE(BigInt(header.length - LENGTH_BYTES));
  header.set(json, LENGTH_BYTES);
  return header;
}

/**
 * Where the values of a file start, by its first 8 bytes.
 * @throws TENSOR_FILE_INVALID when they announce a header above 16 MiB
 */
export function payloadOffset(start: Uint8Array): number {
  const length = Buffer.from(start).readBigUInt64LE();
  if (length > MAX_HEADER_BYTES) throw invalid(`a header of ${length} bytes; at most ${MAX_HEADER_BYTES}`);
  return LENGTH_BYTES + Number(length);
}

/**
 * Reads the bytes before the values, length and all. Strict: float32 only; no key twice (parsers differ in which one
 * counts); the tensors tile the payload without gap or overlap.
 * @throws TENSOR_FILE_INVALID
 */
export function parseSafetensorsHeader(bytes: Uint8Array): SafetensorsHeader {
  const text = Buffer.from(bytes).toString("utf8", LENGTH_BYTES);
  const parsed = headerJson.safeParse(jsonOf(text));
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { __metadata__: metadata, ...tensors } = parsed.data;
  const entries = Object.entries(tensors).sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);

  const numKeys = 4 * entries.length + (metadata === undefined ? 0 : 1 + Object.keys(metadata).length);
  if (numKeys !== countKeys(text)) throw invalid("a key occurs twice, or is __proto__");

  let end = 0;
  for (const [name, { shape, data_offsets }] of entries) {
    if (data_offsets[0] !== end) throw invalid(`tensor ${name} leaves a gap or overlaps another`);
    end += 4 * sizeOf(shape);
    if (data_offsets[1] !== end) throw invalid(`tensor ${name} has not the length of its shape`);
  }
  return { schema: entries.map(([name, { shape }]) => ({ name, shape })), metadata: metadata ?? {} };
}

/** Where the values of a file lie; they are not read. @throws FILE_MISSING, TENSOR_FILE_INVALID */
export function locateSafetensors(path: string): Promise<SafetensorsLayout> {
  return readTensorFile(path, layoutOf);
}

/** @throws FILE_MISSING, TENSOR_FILE_INVALID */
export function readSafetensors(path: string): Promise<SafetensorsFile> {
  return readTensorFile(path, async (file) => {
    const { offset, sizeBytes, ...header } = await layoutOf(file);
    return { ...header, values: floatsOf(await file.bytes(offset, sizeBytes)) };
  });
}

async function layoutOf(file: TensorFile): Promise<SafetensorsLayout> {
  const offset = payloadOffset(await file.bytes(0, LENGTH_BYTES));
  const header = parseSafetensorsHeader(await file.bytes(0, offset));
  const sizeBytes = 4 * numCoordinates(header.schema);
  const found = file.sizeBytes - offset;
  if (found !== sizeBytes) throw invalid(`${found} bytes of values where the header says ${sizeBytes}`);
  return { ...header, offset, sizeBytes };
}

/**
 * Writes or overwrites a file that any safetensors library reads.
 * @throws SCHEMA_MISMATCH, TENSOR_FILE_INVALID
 */
export async function writeSafetensors(path: string, schema: TensorSchema, values: Float32Array): Promise<void> {
  if (values.length !== numCoordinates(schema)) {
    throw new FederationError("SCHEMA_MISMATCH", `${values.length} values for a schema of ${numCoordinates(schema)}`);
  }
  await writeFile(path, [safetensorsHeader(schema), bytesOf(values)]);
}

function checkNames(schema: TensorSchema): void {
  const names = new Set(schema.map((tensor) => tensor.name));
  if (names.size !== schema.length) throw invalid("two tensors of one name");
  for (const reserved of ["__metadata__", "__proto__"]) {
    if (names.has(reserved)) throw invalid(`a tensor named ${reserved}`);
  }
}

/** Every key of a JSON text has one colon outside of strings. */
function countKeys(json: string): number {
  return json.replace(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FederationError("TENSOR_FILE_INVALID", "the header is not JSON", { cause: error });
  }
}
