/** Memory for the rows of open rounds, shared by all jobs of a coordinator. */
export interface RowBudget {
  /** Whether so much was left and is now taken. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function rowBudget(totalBytes: number): RowBudget {
  let leftBytes = totalBytes;
  return {
    take(bytes) {
      if (bytes > leftBytes) return false;
      leftBytes -= bytes;
      return true;
    },
    giveBack(bytes) {
      leftBytes += bytes;
    },
  };
}
