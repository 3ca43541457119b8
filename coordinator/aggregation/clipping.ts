import { BLOCK_LENGTH } from "../../core/vector/kernels/layout.ts";
import { sumOfSquares } from "../../core/vector/norms.ts";
import { pause, type RowSource, type Rows } from "./rows.ts";

/**
 * The same rows, each scaled to an L2 norm of at most `clipNorm`; to the bit what clip() of core/vector does to a
 * whole vector, but read block by block: once for the norm, and again after scaling, because rounding to float32 can
 * lift it over the bound. A row that is not finite becomes the zero vector and is still counted.
 */
export async function clipRows(rows: Rows, clipNorm: number): Promise<Rows> {
  const sources: RowSource[] = [];
  for (const source of rows.sources) sources.push(await clipped(source, clipNorm, rows));
  return { ...rows, sources };
}

async function clipped(source: RowSource, clipNorm: number, rows: Rows): Promise<RowSource> {
  const norm = await normOf(source, rows);
  if (!Number.isFinite(norm)) return zero;
  if (norm <= clipNorm) return source;
  let smaller = scaled(source, clipNorm / norm);
  for (let shrink = 2 ** -24; (await normOf(smaller, rows)) > clipNorm; shrink *= 2) {
    smaller = scaled(source, (clipNorm / norm) * (1 - shrink));
  }
  return smaller;
}

async function normOf(source: RowSource, { numCoordinates, signal }: Rows): Promise<number> {
  const values = new Float32Array(BLOCK_LENGTH);
  let sum = 0;
  for (let start = 0; start < numCoordinates; start += BLOCK_LENGTH) {
    const part = values.subarray(0, Math.min(BLOCK_LENGTH, numCoordinates - start));
    await source.read(start, part);
    sum = sumOfSquares(part, sum);
    await pause(signal);
  }
  return Math.sqrt(sum);
}

function scaled(source: RowSource, factor: number): RowSource {
  return {
    async read(start, into) {
      await source.read(start, into);
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) * factor;
    },
  };
}

const zero: RowSource = {
  async read(_start, into) {
    into.fill(0);
  },
};
