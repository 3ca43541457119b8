import { expect, test } from "vitest";
import type { JobEvent, StoredEvent } from "../../../coordinator/index.ts";
import type { ClientId } from "../../../core/ids.ts";
import { Measures } from "./measures.ts";

const ids = (...names: string[]) => names as ClientId[];
const members = new Map(ids("a", "b", "c", "d").map((id) => [id, { name: id, isAttacker: id > "b" }]));

function seen(...events: Record<string, unknown>[]) {
  const measures = new Measures(members);
  for (const event of events) measures.see({ event } as unknown as StoredEvent & { readonly event: JobEvent });
  return measures.rounds;
}

test("who was asked is counted whether they answer or not, by the attempt that counts", () => {
  const opened = (attempt: number, ...cohort: string[]) => ({
    type: "RoundOpened",
    round: 1,
    attempt,
    cohort: ids(...cohort),
  });
  const flagged = { type: "RoundDiagnosed", round: 1, attempt: 2, standings: [{ clientId: "a", findings: ["x"] }] };
  const closed = { type: "RoundClosed", round: 1, attempt: 2, rows: [{}, {}] };
  expect(seen(opened(1, "a", "b", "c"))).toMatchObject([{ attackers: 1, honest: 2 }]);
  const rounds = seen(opened(1, "a", "b", "c"), opened(2, "a", "c", "d"), closed, flagged);
  expect(rounds).toMatchObject([{ attackers: 2, honest: 1, admitted: 2, attackersFlagged: 0, honestFlagged: 1 }]);
});
