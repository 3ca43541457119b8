import { open } from "node:fs/promises";
import { FederationError } from "../errors.ts";
import { readAll } from "../files/file-bytes.ts";

/** An open file of tensors, as the readers of its format see it. */
export interface TensorFile {
  readonly sizeBytes: number;
  /** @throws TENSOR_FILE_INVALID where the file ends before that */
  bytes(position: number, length: number): Promise<Buffer>;
}

/**
 * Opens a file, reads from it, and closes it. Errors of ours name the file.
 * @throws FILE_MISSING, TENSOR_FILE_INVALID
 */
export async function readTensorFile<T>(path: string, read: (file: TensorFile) => Promise<T>): Promise<T> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw new FederationError("FILE_MISSING", `cannot open ${path}`, { cause });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw invalidTensorFile("not a file");
    return await read({
      sizeBytes: stat.size,
      bytes: async (position, length) => {
        if (position + length > stat.size) throw invalidTensorFile("it ends too early");
        const bytes = Buffer.alloc(length);
        await readAll(file, bytes, position);
        return bytes;
      },
    });
  } catch (error) {
    if (!(error instanceof FederationError)) throw error;
    throw new FederationError(error.code, `${path}: ${error.message}`, { cause: error });
  } finally {
    await file.close();
  }
}

export function invalidTensorFile(why: string): FederationError {
  return new FederationError("TENSOR_FILE_INVALID", why);
}
