/**
 * What was probably meant, in words for the end of an error message: `; did you mean "x"? Known: x, y`.
 *
 * @param known at least one name
 */
export function nearest(typed: string, known: readonly string[]): string {
  const distances = known.map((name) => editDistance(typed.toLowerCase(), name.toLowerCase()));
  const least = Math.min(...distances);
  const guess = known[distances.indexOf(least)];
  const isClose = least <= Math.max(2, typed.length / 2);
  return `${isClose ? `; did you mean "${guess}"?` : ";"} Known: ${known.join(", ")}`;
}

/** Levenshtein's distance: the fewest insertions, deletions and replacements that turn a into b. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] as number) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
