/** A stretch of time in milliseconds. */
export type Span = readonly [from: number, to: number];

/** How long at least one of several threads was at it, who tell of it afterwards. */
export class TimeCovered {
  #settledMs = 0;
  #unsettled: Span[] = [];
  #numUnderWay = 0;

  /** Something is under way that will end, and may tell of time that is over by then. */
  begin(): void {
    this.#numUnderWay += 1;
  }

  end(spans: readonly Span[]): void {
    this.#numUnderWay -= 1;
    this.#unsettled.push(...spans);
    if (this.#numUnderWay > 0) return;
    this.#settledMs = this.ms;
    this.#unsettled = [];
  }

  get ms(): number {
    return this.#settledMs + coveredBy(this.#unsettled);
  }
}

function coveredBy(spans: readonly Span[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    covered += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return covered;
}
