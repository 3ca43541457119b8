import type { AdmittedUpdate } from "../../core/update.ts";
import type { Arrivals } from "../aggregation/arrivals.ts";
import type { RowBudget } from "./row-budget.ts";
import { loadStored, type StoredBlobs } from "./stored-rows.ts";

/** What of an admitted update says where its row lies, and how long it is. */
export type StoredRow = Pick<AdmittedUpdate, "updateId" | "payloadSha256" | "norm">;

/** The rows of the open attempt, in memory and measured against one another as they come, where all of them fit. */
export interface ArrivedRows {
  /** Forgets the attempt before. @param cohortSize how many rows may come */
  start(cohortSize: number): void;
  /** @param durable resolves when the update is stored */
  add(row: StoredRow, durable: Promise<unknown>): void;
  /** Undefined when not all of them are in memory. */
  taken(rows: readonly StoredRow[], path: "fast" | "exact"): ReturnType<Arrivals["rows"]>;
  end(): void;
}

export interface ArrivedRowsOptions {
  readonly budget: RowBudget;
  readonly rowBytes: number;
  open(rowBudgetBytes: number): Arrivals;
}

/** A round for which too little is left of the budget when it opens has its rows read when it closes. */
export function arrivedRows({ budget, rowBytes, open }: ArrivedRowsOptions, stored: StoredBlobs): ArrivedRows {
  let arrivals: Arrivals | undefined;
  let takenBytes = 0;
  const end = () => {
    arrivals?.close();
    arrivals = undefined;
    budget.giveBack(takenBytes);
    takenBytes = 0;
  };
  return {
    start(cohortSize) {
      end();
      const bytes = cohortSize * rowBytes;
      if (!budget.take(bytes)) return;
      takenBytes = bytes;
      arrivals = open(bytes);
    },
    add({ updateId, payloadSha256, norm }, durable) {
      arrivals?.add(updateId, norm, async (into) => {
        await durable;
        await loadStored(payloadSha256, stored, into);
      });
    },
    async taken(rows, path) {
      return arrivals?.rows(
        rows.map((row) => row.updateId),
        path,
      );
    },
    end,
  };
}

/** For rounds whose rows are read once only, when they close. */
export const noArrivedRows: ArrivedRows = {
  start: () => undefined,
  add: () => undefined,
  taken: async () => undefined,
  end: () => undefined,
};
