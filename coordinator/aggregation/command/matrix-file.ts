import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { FederationError } from "../../../core/errors.ts";
import { locateNpy, npyRowOffset, npyRows, readNpyRow } from "../../../core/tensors/npy.ts";
import { locateSafetensors, readSafetensors } from "../../../core/tensors/safetensors.ts";
import type { TensorSchema } from "../../../core/tensors/schema.ts";
import { invalidTensorFile, readTensorFile } from "../../../core/tensors/tensor-file.ts";

/** A file of one or several rows of numbers of one length, opened but not read. */
export interface MatrixFile {
  readonly path: string;
  readonly numRows: number;
  readonly numColumns: number;
  /** Byte at which a row starts, where the file holds rows of little-endian float32. */
  readonly float32At: ((index: number) => number) | undefined;
  /** Of a file whose row is made of named tensors. */
  readonly schema: TensorSchema | undefined;
  row(index: number): Promise<Float32Array | Float64Array>;
}

const FORMATS: Readonly<Record<string, (path: string) => Promise<MatrixFile>>> = {
  ".json": openJson,
  ".npy": openNpy,
  ".safetensors": openTensors,
};

/** JSON is read whole, and no string is longer than half a gigabyte. */
const MAX_JSON_BYTES = 1 << 28;

/**
 * The format goes by the name's ending.
 * @throws CONFIG_INVALID for another ending; FILE_MISSING, TENSOR_FILE_INVALID
 */
export async function openMatrix(path: string): Promise<MatrixFile> {
  const open = FORMATS[extname(path)];
  if (open === undefined) {
    throw new FederationError("CONFIG_INVALID", `${path}: files end in ${Object.keys(FORMATS).join(", ")}`);
  }
  // a pipe nobody writes to would be waited for without end
  if ((await stat(path).catch(() => undefined))?.isFile() === false) {
    throw new FederationError("CONFIG_INVALID", `${path} is no file`);
  }
  return open(path);
}

async function openTensors(path: string): Promise<MatrixFile> {
  const { schema, offset, sizeBytes } = await locateSafetensors(path);
  if (sizeBytes === 0) throw invalidTensorFile(`${path}: no values`);
  return {
    path,
    numRows: 1,
    numColumns: sizeBytes / 4,
    float32At: () => offset,
    schema,
    row: async () => (await readSafetensors(path)).values,
  };
}

async function openNpy(path: string): Promise<MatrixFile> {
  const layout = await locateNpy(path);
  return {
    path,
    ...npyRows(layout),
    float32At: layout.dtype === "<f4" ? (index) => npyRowOffset(layout, index) : undefined,
    schema: undefined,
    row: (index) => readNpyRow(layout, index),
  };
}

/** An array of rows, or one row. */
async function openJson(path: string): Promise<MatrixFile> {
  const rows = await readTensorFile(path, async ({ sizeBytes }) => {
    if (sizeBytes > MAX_JSON_BYTES) throw invalidTensorFile("too large for JSON; save it as .npy");
    return rowsOf(parse(await readFile(path, "utf8")));
  });
  return {
    path,
    numRows: rows.length,
    numColumns: rows[0]?.length ?? 0,
    float32At: undefined,
    schema: undefined,
    row: async (index) => rows[index] as Float64Array,
  };
}

/** JSON has no word for a number that is not finite: Python writes NaN and Infinity bare, JavaScript null. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/(?<!["\w])(-?Infinity|NaN)(?!["\w])/g, '"$1"'));
  } catch (cause) {
    throw new FederationError("TENSOR_FILE_INVALID", "not JSON", { cause });
  }
}

function rowsOf(json: unknown): readonly Float64Array[] {
  if (!Array.isArray(json)) throw invalidTensorFile("not an array of rows");
  const rows: readonly unknown[] = json.some(Array.isArray) ? json : [json];
  return rows.map((row, i) => {
    if (!Array.isArray(row)) throw invalidTensorFile(`row ${i} is not an array`);
    if (row.length === 0) throw invalidTensorFile("no values");
    const { length } = rows[0] as readonly unknown[];
    if (row.length !== length) throw invalidTensorFile(`row ${i} has ${row.length} values, row 0 has ${length}`);
    return Float64Array.from(row, (value: unknown, j) => numberOf(value, `row ${i}, value ${j}`));
  });
}

const NOT_FINITE = new Map<unknown, number>([
  [null, Number.NaN],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function numberOf(value: unknown, where: string): number {
  const number = typeof value === "number" ? value : NOT_FINITE.get(value);
  if (number === undefined) throw invalidTensorFile(`${where}: ${JSON.stringify(value)} is not a number`);
  return number;
}
