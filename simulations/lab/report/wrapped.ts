/** Lines of at most so many letters, broken behind `+`, a comma, a bracket or a space where there is one. */
export function wrapped(text: string, most: number): string[] {
  const pieces = text.split(/(?<=[+,( ])/).flatMap((it) => it.match(new RegExp(`.{1,${most}}`, "g")) ?? []);
  const lines: string[] = [];
  for (const piece of pieces) {
    const line = lines.at(-1);
    if (line !== undefined && (line + piece).trimEnd().length <= most) lines[lines.length - 1] = line + piece;
    else lines.push(piece);
  }
  return lines.map((it) => it.trim());
}

/** Axes, legends and headers write these names in such lines. */
export const inLines = (names: readonly string[], letters: number) => ({
  labelExpr: `${JSON.stringify(Object.fromEntries(names.map((it) => [it, wrapped(it, letters)])))}[datum.label]`,
});
