/** Number of bytes one double of `doubleOf` takes. */
export const DOUBLE_BYTES = 8;

/** The first 53 bits of eight bytes (27 of the first little-endian word, 26 of the second) as a double in [0, 1). */
export function doubleOf(bytes: Buffer, offset: number): number {
  const high = bytes.readUInt32LE(offset) >>> 5;
  const low = bytes.readUInt32LE(offset + 4) >>> 6;
  return (high * 2 ** 26 + low) / 2 ** 53;
}
