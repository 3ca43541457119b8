import type { Engine, RowSource, Rows } from "./engine/engine.ts";

/**
 * The same rows, each scaled to an L2 norm of at most `clipNorm`; to the bit what clip() of core/vector does to a
 * whole vector, but read piece by piece: once for the norm, and again after scaling, because rounding to float32 can
 * lift it over the bound. A row that is not finite becomes the zero vector and is still counted.
 */
export async function clipRows(engine: Engine, rows: Rows, clipNorm: number): Promise<Rows> {
  const norms = await engine.norms(rows);
  const sources = rows.sources.map((source, i): RowSource => {
    const norm = norms[i] as number;
    if (!Number.isFinite(norm)) return { kind: "zero" };
    return norm <= clipNorm ? source : { kind: "scaled", source, factor: clipNorm / norm };
  });
  let scaled = [...sources.keys()].filter((i) => sources[i] !== rows.sources[i]);
  for (let shrink = 2 ** -24; scaled.length > 0; shrink *= 2) {
    const lengths = await engine.norms({ ...rows, sources: scaled.map((i) => sources[i] as RowSource) });
    scaled = scaled.filter((_, k) => (lengths[k] as number) > clipNorm);
    for (const i of scaled) {
      const factor = (clipNorm / (norms[i] as number)) * (1 - shrink);
      sources[i] = { kind: "scaled", source: rows.sources[i] as RowSource, factor };
    }
  }
  return { ...rows, sources };
}
