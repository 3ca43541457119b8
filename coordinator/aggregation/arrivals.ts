import type { DistancePath, PairSums } from "../../core/vector/kernels/pairwise.ts";
import type { Engine, MemoryRow, Room, RowSource, Rows } from "./engine/engine.ts";

/** Rows of the open round, taken into memory and measured against one another as they come, while they fit. */
export interface Arrivals {
  /**
   * Takes a row in, unless one of that key is there. Never rejects: what cannot be taken in is read from its place when
   * the round closes.
   * @param norm its L2 norm, by which the round will choose its path
   * @param load fills in the d values, verified
   */
  add(key: string, norm: number, load: (into: Float32Array) => Promise<void>): void;
  /**
   * The rows of these keys in this order, and their sums over pairs on that path; `measured` is undefined where nothing
   * is to be measured or it failed. Waits for what is under way. Undefined when not all rows are in memory.
   */
  rows(keys: readonly string[], path: DistancePath): Promise<Arrived | undefined>;
  /** Forgets the rows. */
  close(): void;
}

export interface Arrived {
  readonly sources: readonly RowSource[];
  readonly measured: PairSums | undefined;
}

export interface ArrivalOptions {
  readonly numCoordinates: number;
  readonly rowBudgetBytes: number;
  readonly measures: "nothing" | "distances" | "geometry";
  /** The path of a round of these norms: "exact", once it is, for whatever norms come in addition. */
  distancePath(norms: readonly number[]): DistancePath;
}

export function arrivals(engine: Engine, options: ArrivalOptions): Arrivals {
  return new ArrivingRows(engine, options);
}

class ArrivingRows implements Arrivals {
  readonly #engine: Engine;
  readonly #options: ArrivalOptions;
  readonly #norms: number[] = [];
  /** That of the norms so far. */
  #path: DistancePath;
  /** Resolves to the place of the row, in the order in which loading ended; to undefined when that failed. */
  readonly #places = new Map<string, Promise<number | undefined>>();
  readonly #loaded: MemoryRow[] = [];
  readonly #room: RowsInTurn;
  readonly #closing = new AbortController();
  /** Over the first rows loaded. */
  #sums: PairSums | undefined;
  /** One pass after the other; whatever came meanwhile is measured together in the next. */
  #measuring: Promise<void> = Promise.resolve();
  #failed = false;

  constructor(engine: Engine, options: ArrivalOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#path = options.distancePath([]);
    this.#room = new RowsInTurn(engine, options);
  }

  add(key: string, norm: number, load: (into: Float32Array) => Promise<void>): void {
    if (this.#closing.signal.aborted || this.#places.has(key)) return;
    const row = this.#room.take();
    if (row === undefined) return;
    this.#choosePath(norm);
    this.#places.set(key, this.#take(key, row, load));
  }

  /** What was measured on another path is measured again, together with the row that changed it. */
  #choosePath(norm: number): void {
    this.#norms.push(norm);
    const path = this.#options.distancePath(this.#norms);
    if (path !== this.#path) this.#sums = undefined;
    this.#path = path;
  }

  async rows(keys: readonly string[], path: DistancePath): Promise<Arrived | undefined> {
    const places = await Promise.all(keys.map((key) => this.#places.get(key)));
    const order = places.filter((place) => place !== undefined);
    if (order.length < keys.length || this.#closing.signal.aborted) return undefined;
    const sources = order.map((place) => this.#loaded[place] as RowSource);
    if (path !== this.#path) return { sources, measured: undefined };
    await this.#measuring;
    return { sources, measured: this.#sums && !this.#failed ? reordered(this.#sums, order) : undefined };
  }

  close(): void {
    this.#closing.abort();
    // what is still being loaded writes to its row
    void Promise.all([...this.#places.values(), this.#measuring]).then(() => this.#room.close());
    this.#places.clear();
    this.#loaded.length = 0;
    this.#sums = undefined;
  }

  async #take(key: string, row: MemoryRow, load: (into: Float32Array) => Promise<void>): Promise<number | undefined> {
    try {
      await load(row.values);
      this.#loaded.push(row);
      if (this.#options.measures !== "nothing") this.#measuring = this.#measuring.then(() => this.#measure());
      return this.#loaded.length - 1;
    } catch {
      this.#places.delete(key);
      this.#room.giveBack(row);
      return undefined;
    }
  }

  /** A pass that fails will fail again when the round closes, and be reported there. */
  async #measure(): Promise<void> {
    const firstRow = this.#sums?.numRows ?? 0;
    if (this.#failed || firstRow === this.#loaded.length || this.#closing.signal.aborted) return;
    const { numCoordinates, measures } = this.#options;
    const rows: Rows = { sources: [...this.#loaded], numCoordinates, signal: this.#closing.signal };
    const path = this.#path;
    try {
      const sums = await this.#engine.pairs(rows, { path, innerProducts: measures === "geometry", firstRow });
      if (path === this.#path) this.#sums = joined(this.#sums, sums);
    } catch {
      this.#failed = true;
    }
  }
}

/** As many rows as the budget allows; memory is reserved when the first is taken. */
class RowsInTurn {
  readonly #numRows: number;
  readonly #open: () => Room;
  readonly #free: MemoryRow[] = [];
  #room: Room | undefined;
  #numTaken = 0;

  constructor(engine: Engine, { rowBudgetBytes, numCoordinates }: ArrivalOptions) {
    this.#numRows = Math.floor(rowBudgetBytes / (numCoordinates * Float32Array.BYTES_PER_ELEMENT));
    this.#open = () => engine.roomFor(this.#numRows, numCoordinates);
  }

  take(): MemoryRow | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#numTaken === this.#numRows) return free;
    this.#room ??= this.#open();
    return this.#room.row(this.#numTaken++);
  }

  close(): void {
    this.#room?.close();
  }

  giveBack(row: MemoryRow): void {
    this.#free.push(row);
  }
}

/** Sums over later pairs, completed by those of the rows before. */
function joined(before: PairSums | undefined, later: PairSums): PairSums {
  for (let j = 0; before !== undefined && j < before.numRows; j++) {
    for (let i = 0; i <= j; i++) copyPair(before, i, j, later, i, j);
  }
  return later;
}

/** The sums of the rows at these places, in this order: a pair has the same bits either way round. */
function reordered(sums: PairSums, places: readonly number[]): PairSums {
  const n = places.length;
  const result = { numRows: n, squaredDistances: new Float64Array(n * n), innerProducts: new Float64Array(n * n) };
  for (const [j, second] of places.entries()) {
    for (const [i, first] of places.slice(0, j + 1).entries()) {
      copyPair(sums, Math.min(first, second), Math.max(first, second), result, i, j);
    }
  }
  return result;
}

function copyPair(from: PairSums, i: number, j: number, to: PairSums, k: number, l: number): void {
  to.squaredDistances[k * to.numRows + l] = from.squaredDistances[i * from.numRows + j] as number;
  to.innerProducts[k * to.numRows + l] = from.innerProducts[i * from.numRows + j] as number;
}
