import { contractLines } from "../../../core/privacy/contract.ts";
import { toldEpsilon } from "../../../core/privacy/told.ts";
import type { CellRun } from "../job/result.ts";
import type { Spending } from "../job/spending.ts";

/** For a table: rounded up, as a bound is. */
export const epsilonText = ({ epsilon }: Pick<Spending, "epsilon">): string =>
  epsilon === "infinite" ? epsilon : toldEpsilon(epsilon);

/** The greatest over seeds; undefined where none of the runs had privacy. */
export function mostSpent(runs: readonly CellRun[]): Spending | undefined {
  const spent = runs.flatMap(({ privacy }) => privacy ?? []);
  const size = ({ epsilon }: Spending) => (epsilon === "infinite" ? Number.POSITIVE_INFINITY : epsilon);
  return spent.toSorted((a, b) => size(b) - size(a))[0];
}

/** What an epsilon means, on one line. */
export function contractText({ contract }: Spending): string {
  return contractLines(contract)
    .map((line) => line.replace(/ {2,}/, ": "))
    .join("; ");
}
