import { FederationError } from "../../../core/errors.ts";
import type { RowSource } from "../engine/engine.ts";
import { type MatrixFile, openMatrix } from "./matrix-file.ts";

export interface Update {
  /** Its file, and its row there where the file holds several. */
  readonly name: string;
  readonly file: string;
  readonly source: RowSource;
}

export interface Updates {
  readonly updates: readonly Update[];
  /** d, at least 1. */
  readonly numCoordinates: number;
}

/**
 * One file: every row is an update. Several: each is one update, and holds one row. Values of float32 stay where they
 * are until they are needed; others are rounded to float32 in memory.
 * @throws CONFIG_INVALID, FILE_MISSING, TENSOR_FILE_INVALID; SCHEMA_MISMATCH where files differ in tensors or length
 */
export async function readUpdates(paths: readonly string[]): Promise<Updates> {
  const files: MatrixFile[] = [];
  for (const path of paths) files.push(await openMatrix(path));
  const [first, ...others] = files;
  if (first === undefined) throw new FederationError("CONFIG_INVALID", "no files");
  for (const other of others) checkAlike(first, other);

  const updates: Update[] = [];
  for (const file of others.length === 0 ? [first] : files.map(onlyRow)) {
    for (let row = 0; row < file.numRows; row++) {
      const name = file.numRows === 1 ? file.path : `${file.path}[${row}]`;
      updates.push({ name, file: file.path, source: await sourceOf(file, row) });
    }
  }
  return { updates, numCoordinates: first.numColumns };
}

/** A file that holds one row. */
export async function openRow(path: string): Promise<MatrixFile> {
  return onlyRow(await openMatrix(path));
}

export async function sourceOf(file: MatrixFile, row: number): Promise<RowSource> {
  if (file.float32At !== undefined) {
    return { kind: "file", path: file.path, offset: file.float32At(row), sizeBytes: 4 * file.numColumns };
  }
  const values = new Float32Array(new SharedArrayBuffer(4 * file.numColumns));
  values.set(await file.row(row));
  return { kind: "memory", values };
}

function onlyRow(file: MatrixFile): MatrixFile {
  if (file.numRows === 1) return file;
  throw new FederationError("CONFIG_INVALID", `${file.path} holds ${file.numRows} rows where one is needed`);
}

function checkAlike(first: MatrixFile, other: MatrixFile): void {
  if (other.numColumns !== first.numColumns) {
    const lengths = `${other.numColumns} values, ${first.path} has ${first.numColumns}`;
    throw new FederationError("SCHEMA_MISMATCH", `${other.path} has ${lengths}`);
  }
  if (first.schema === undefined || other.schema === undefined) return;
  if (JSON.stringify(first.schema) !== JSON.stringify(other.schema)) {
    throw new FederationError("SCHEMA_MISMATCH", `${other.path} has other tensors than ${first.path}`);
  }
}
