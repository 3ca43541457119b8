import { writeFile } from "node:fs/promises";
import { bytesOf } from "./digest.ts";
import { invalidTensorFile as invalid, readTensorFile, type TensorFile } from "./tensor-file.ts";

/**
 * The .npy format, versions 1 to 3 (numpy.lib.format): a magic string, a header that is a Python dictionary, then the
 * values. Read are vectors and matrices of little-endian float32 and float64 in C order; float32 vectors are written.
 */
export interface NpyLayout {
  readonly path: string;
  readonly dtype: "<f4" | "<f8";
  /** One or two lengths, each at least 1. */
  readonly shape: readonly number[];
  /** Byte at which the values start. */
  readonly offset: number;
}

const MAGIC = Buffer.from("\x93NUMPY", "latin1");
const VERSION_BYTES = 2;
const MAX_HEADER_BYTES = 1 << 16;
const ALIGNMENT = 64;

/**
 * Where the values of a file lie; they are not read.
 * @throws FILE_MISSING, TENSOR_FILE_INVALID unless the file is exactly as long as its header says
 */
export function locateNpy(path: string): Promise<NpyLayout> {
  return readTensorFile(path, async (file) => {
    const { header, offset } = await readHeader(file);
    const { dtype, shape } = parseHeader(header);
    const sizeBytes = numValues(shape) * itemBytes(dtype);
    const found = file.sizeBytes - offset;
    if (found !== sizeBytes) throw invalid(`${found} bytes of values where the header says ${sizeBytes}`);
    return { path, dtype, shape, offset };
  });
}

/** Rows of a matrix and values of each; a vector is one row. */
export function npyRows({ shape: [first = 0, second] }: NpyLayout): { numRows: number; numColumns: number } {
  return second === undefined ? { numRows: 1, numColumns: first } : { numRows: first, numColumns: second };
}

/** Byte at which row `index` starts. */
export function npyRowOffset(layout: NpyLayout, index: number): number {
  return layout.offset + index * npyRows(layout).numColumns * itemBytes(layout.dtype);
}

/** The values of one row. @throws FILE_MISSING, TENSOR_FILE_INVALID */
export async function readNpyRow(layout: NpyLayout, index: number): Promise<Float64Array> {
  const length = npyRows(layout).numColumns;
  const bytes = await readTensorFile(layout.path, (file) =>
    file.bytes(npyRowOffset(layout, index), length * itemBytes(layout.dtype)),
  );
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    values[i] = layout.dtype === "<f4" ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true);
  }
  return values;
}

/** Writes or overwrites a file with one float32 vector. */
export async function writeNpy(path: string, values: Float32Array): Promise<void> {
  await writeFile(path, [npyHeader([values.length]), bytesOf(values)]);
}

/** What goes before the float32 values of an array, in version 1: values start at a multiple of 64. */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${lengths}), }`;
  const before = MAGIC.length + VERSION_BYTES + 2;
  const size = Math.ceil((before + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(size, " ");
  header.set([...MAGIC, 1, 0]);
  header.writeUInt16LE(size - before, before - 2);
  header.write(dictionary, before, "latin1");
  header.write("\n", size - 1, "latin1");
  return header;
}

async function readHeader(file: TensorFile): Promise<{ header: string; offset: number }> {
  const start = await file.bytes(0, MAGIC.length + VERSION_BYTES);
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) throw invalid("not a .npy file");
  const [major = 0, minor = 0] = start.subarray(MAGIC.length);
  if (major < 1 || major > 3 || minor !== 0) throw invalid(`version ${major}.${minor}; 1.0, 2.0 and 3.0 are read`);

  const lengthBytes = major === 1 ? 2 : 4;
  const length = (await file.bytes(start.length, lengthBytes)).readUIntLE(0, lengthBytes);
  if (length > MAX_HEADER_BYTES) throw invalid(`a header of ${length} bytes; at most ${MAX_HEADER_BYTES}`);
  const header = await file.bytes(start.length + lengthBytes, length);
  return { header: header.toString("utf8"), offset: start.length + lengthBytes + length };
}

const ENTRY = /'(\w+)': *(?:'([^']*)'|(True|False)|\(([\d, ]*)\))(?:, *|$)/gy;

/** Strict: three keys, each once, and nothing that would have to be evaluated. */
function parseHeader(header: string): Pick<NpyLayout, "dtype" | "shape"> {
  const [, body = ""] = /^\{(.*)\}$/.exec(header.trim()) ?? [];
  const entries = [...body.matchAll(ENTRY)];
  const found = new Map(entries.map(([, key, text, word, tuple]) => [key, text ?? word ?? tuple]));
  const [dtype, order, shape] = ["descr", "fortran_order", "shape"].map((key) => found.get(key));
  const isWhole = entries.length === 3 && entries.map(([all]) => all).join("") === body;
  if (!isWhole || dtype === undefined || order === undefined || shape === undefined) {
    throw invalid("the header does not describe one plain array");
  }
  if (dtype !== "<f4" && dtype !== "<f8") throw invalid(`values of type ${dtype}; <f4 and <f8 are read`);
  if (order !== "False") throw invalid("Fortran order; save it with numpy.ascontiguousarray");
  return { dtype, shape: parseShape(shape) };
}

function parseShape(tuple: string): readonly number[] {
  const lengths = tuple.split(",").map((length) => length.trim());
  if (lengths.at(-1) === "") lengths.pop();
  const shape = lengths.map((length) => (/^\d+$/.test(length) ? Number(length) : Number.NaN));
  if (shape.length !== 1 && shape.length !== 2)
    throw invalid(`${shape.length} dimensions; vectors and matrices are read`);
  if (!(numValues(shape) > 0 && Number.isSafeInteger(8 * numValues(shape)))) throw invalid(`shape (${tuple})`);
  return shape;
}

function numValues(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function itemBytes(dtype: NpyLayout["dtype"]): number {
  return dtype === "<f4" ? 4 : 8;
}
