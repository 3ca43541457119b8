/** What to add to a refusal of an unknown name: the known one that was probably meant, or else all of them. */
export function suggestion(unknown: string, known: readonly string[]): string {
  const distances = known.map((name) => editDistance(unknown.toLowerCase(), name.toLowerCase()));
  const least = Math.min(...distances);
  const isNear = least <= Math.max(2, unknown.length / 3);
  const nearest = isNear ? known.filter((_, i) => distances[i] === least) : [];
  if (nearest.length > 0) return `did you mean ${nearest.join(" or ")}?`;
  return known.length === 0 ? "there are none" : `known are ${known.join(", ")}`;
}

/** Levenshtein distance: the fewest insertions, deletions and substitutions of a character from one to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
