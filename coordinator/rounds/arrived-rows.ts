import type { AdmittedUpdate } from "../../core/update.ts";
import type { PairSums } from "../../core/vector/kernels/pairwise.ts";
import type { Arrivals } from "../aggregation/arrivals.ts";
import type { RowSource } from "../aggregation/engine/engine.ts";
import type { RowBudget } from "./row-budget.ts";
import { loadStored, type StoredBlobs, storedRow } from "./stored-rows.ts";

/** What of an admitted update says where its row lies, and how long it is. */
export type StoredRow = Pick<AdmittedUpdate, "updateId" | "payloadSha256" | "norm">;

/** The rows of the open attempt: made ready as they come, so that closing the round reads them and nothing else. */
export interface ArrivedRows {
  /** Forgets the attempt before. @param cohortSize how many rows may come */
  start(cohortSize: number): void;
  /** @param durable resolves when the update is stored */
  add(row: StoredRow, durable: Promise<unknown>): void;
  taken(rows: readonly StoredRow[], path: "fast" | "exact"): Promise<TakenRows>;
  end(): void;
}

export interface TakenRows {
  /** Undefined where a row has not arrived in this process, or could not be made ready. */
  readonly sources: readonly (RowSource | undefined)[];
  /** Undefined unless all of them were measured against one another on that path. */
  readonly measured: PairSums | undefined;
}

export interface ArrivedRowsOptions {
  readonly budget: RowBudget;
  readonly rowBytes: number;
  open(rowBudgetBytes: number): Arrivals;
}

/**
 * In memory, where the whole cohort fits into what is left of the budget when its round opens: there rows are measured
 * against one another as they come. Else in their files, which are verified as they come.
 */
export function arrivedRows({ budget, rowBytes, open }: ArrivedRowsOptions, stored: StoredBlobs): ArrivedRows {
  let attempt: Attempt | undefined;
  let takenBytes = 0;
  const end = () => {
    attempt?.close();
    attempt = undefined;
    budget.giveBack(takenBytes);
    takenBytes = 0;
  };
  return {
    start(cohortSize) {
      end();
      const bytes = cohortSize * rowBytes;
      const fits = budget.take(bytes);
      if (fits) takenBytes = bytes;
      attempt = fits ? inMemory(open(bytes), stored) : inFiles(stored);
    },
    add: (row, durable) => attempt?.add(row, durable),
    async taken(rows, path) {
      return (await attempt?.taken(rows, path)) ?? { sources: [], measured: undefined };
    },
    end,
  };
}

interface Attempt {
  add(row: StoredRow, durable: Promise<unknown>): void;
  taken(rows: readonly StoredRow[], path: "fast" | "exact"): Promise<TakenRows | undefined>;
  close(): void;
}

function inMemory(arrivals: Arrivals, stored: StoredBlobs): Attempt {
  return {
    add({ updateId, payloadSha256, norm }, durable) {
      arrivals.add(updateId, norm, async (into) => {
        await durable;
        await loadStored(payloadSha256, stored, into);
      });
    },
    taken: (rows, path) =>
      arrivals.rows(
        rows.map((row) => row.updateId),
        path,
      ),
    close: () => arrivals.close(),
  };
}

/** One file after the other is read and verified. */
function inFiles(stored: StoredBlobs): Attempt {
  const sources = new Map<string, Promise<RowSource | undefined>>();
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const verified = async ({ payloadSha256 }: StoredRow, durable: Promise<unknown>, before: Promise<unknown>) => {
    await Promise.all([durable, before]);
    return isClosed ? undefined : storedRow(payloadSha256, stored);
  };
  return {
    add(row, durable) {
      if (sources.has(row.updateId)) return;
      // a file that cannot be read now is met again when the round closes, and reported there
      const source = verified(row, durable, last).catch(() => undefined);
      sources.set(row.updateId, source);
      last = source;
    },
    async taken(rows) {
      return { sources: await Promise.all(rows.map((row) => sources.get(row.updateId))), measured: undefined };
    },
    close() {
      isClosed = true;
      sources.clear();
    },
  };
}
