import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { locateNpy, npyHeader, npyRows, readNpyRow, writeNpy } from "./npy.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-npy-"));
const path = join(folder, "a.npy");
afterAll(() => rmSync(folder, { recursive: true }));

const invalid = (message: string | RegExp) => ({
  code: "TENSOR_FILE_INVALID",
  message: expect.stringMatching(message),
});
const FLOAT32_MATRIX = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

/** A file of that version around that dictionary. */
function npy(dictionary: string, values: Uint8Array = Buffer.alloc(24), version = 1): Buffer {
  const header = Buffer.from(`${dictionary}\n`);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(header.length, 0, length.length);
  return Buffer.concat([Buffer.from("\x93NUMPY", "latin1"), Buffer.of(version, 0), length, header, values]);
}

async function locate(bytes: Uint8Array) {
  await writeFile(path, bytes);
  return locateNpy(path);
}

describe("a .npy file", () => {
  test("that NumPy 2.4.6 wrote is read: np.save of [[1.5, -2], [0.25, inf]] in float64", async () => {
    const dictionary = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }";
    const header = Buffer.alloc(128, " ");
    header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0x76, 0]);
    header.write(dictionary, 10);
    header.write("\n", 127);
    const values = Buffer.from("000000000000f83f00000000000000c0000000000000d03f000000000000f07f", "hex");
    const layout = await locate(Buffer.concat([header, values]));
    expect(layout).toEqual({ path, dtype: "<f8", shape: [2, 2], offset: 128 });
    expect([...(await readNpyRow(layout, 0))]).toEqual([1.5, -2]);
    expect([...(await readNpyRow(layout, 1))]).toEqual([0.25, Number.POSITIVE_INFINITY]);
  });

  test("written here is byte for byte NumPy's: np.save of float32 [1, -2.5]", async () => {
    await writeNpy(path, Float32Array.of(1, -2.5));
    const bytes = await readFile(path);
    expect(bytes.subarray(0, 10).toString("hex")).toBe("934e554d505901007600");
    expect(bytes.subarray(10, 128).toString()).toBe(
      `${"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".padEnd(117)}\n`,
    );
    expect(bytes.subarray(128).toString("hex")).toBe("0000803f000020c0");
  });

  test("comes back as it was written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.float32Array({ minLength: 1, maxLength: 50 }), async (values) => {
        await writeNpy(path, values);
        const layout = await locateNpy(path);
        expect(npyRows(layout)).toEqual({ numRows: 1, numColumns: values.length });
        expect(Float32Array.from(await readNpyRow(layout, 0))).toEqual(values);
      }),
      { numRuns: 30 },
    );
  });

  test.each([1, 2, 3])("of version %i is read, whatever the order of its keys", async (version) => {
    const dictionary = "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}";
    expect(await locate(npy(dictionary, Buffer.alloc(24), version))).toMatchObject({ dtype: "<f4", shape: [2, 3] });
  });

  test("values start at a multiple of 64, however long the shape is", () => {
    for (const shape of [[1], [100, 25_000_000], [2 ** 50, 1]]) expect(npyHeader(shape).length % 64).toBe(0);
  });
});

describe("refused by name:", () => {
  const described = (descr: string) => FLOAT32_MATRIX.replace("'<f4'", descr);
  const shaped = (shape: string) => FLOAT32_MATRIX.replace("(2, 3)", shape);
  const tooLong = npy(FLOAT32_MATRIX, undefined, 2);
  tooLong.writeUInt32LE(1 << 20, 8);
  const refusals: [string, Uint8Array, RegExp][] = [
    ["an empty file", Buffer.alloc(0), /too early/],
    ["another format", Buffer.from("[[1, 2], [3, 4]]"), /not a .npy file/],
    ["version 4", npy(FLOAT32_MATRIX, undefined, 4), /version 4\.0/],
    ["a header longer than the file", npy(FLOAT32_MATRIX).subarray(0, 40), /too early/],
    ["a header of a megabyte", tooLong, /a header of 1048576 bytes/],
    ["half", npy(described("'<f2'")), /<f2/],
    ["big-endian", npy(described("'>f4'")), />f4/],
    ["integers", npy(described("'<i8'")), /<i8/],
    ["pickled objects", npy(described("'|O'")), /\|O/],
    ["records", npy(described("[('a', '<f4')]")), /one plain array/],
    ["Fortran order", npy(FLOAT32_MATRIX.replace("False", "True")), /Fortran/],
    ["a scalar", npy(shaped("()")), /0 dimensions/],
    ["three dimensions", npy(shaped("(1, 2, 3)")), /3 dimensions/],
    ["no values", npy(shaped("(0, 3)"), Buffer.alloc(0)), /shape \(0, 3\)/],
    ["more than there can be", npy(shaped("(99999999999, 99999999999)")), /shape/],
    ["a hole in the shape", npy(shaped("(2,,3)")), /3 dimensions/],
    ["a key twice", npy(FLOAT32_MATRIX.replace("}", "'shape': (2, 3)}")), /one plain array/],
    ["a key too few", npy("{'descr': '<f4', 'shape': (2, 3), }"), /one plain array/],
    ["a key too many", npy(FLOAT32_MATRIX.replace("}", "'more': True}")), /one plain array/],
    ["more behind the last key", npy(FLOAT32_MATRIX.replace(", }", ", + }")), /one plain array/],
    ["an expression", npy(shaped("(2, 1+2)")), /one plain array/],
    ["no dictionary", npy("import os"), /one plain array/],
    ["values cut short", npy(FLOAT32_MATRIX, Buffer.alloc(23)), /23 bytes of values where the header says 24/],
    ["values left over", npy(FLOAT32_MATRIX, Buffer.alloc(28)), /28 bytes of values where the header says 24/],
  ];
  test.each(refusals)("%s", async (_, bytes, message) => {
    await expect(locate(bytes)).rejects.toMatchObject(invalid(message));
  });

  test("a missing file, and a folder", async () => {
    await expect(locateNpy(join(folder, "none.npy"))).rejects.toMatchObject({ code: "FILE_MISSING" });
    await expect(locateNpy(folder)).rejects.toMatchObject(invalid("not a file"));
  });

  test("any header that is not NumPy's, without another error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        await expect(locate(npy(text))).rejects.toMatchObject({ code: "TENSOR_FILE_INVALID" });
      }),
      { numRuns: 50 },
    );
  });
});
