import type { CellRun } from "../job/result.ts";
import { type Cell, cellIdOf } from "../scenario/cell.ts";

/** Two rounds, made up so that every number of a report can be told by hand. */
export function madeUp(
  accuracy: number,
  attackSuccess: number | null,
  attackers: number,
): Omit<CellRun, "id" | "cell"> {
  const of = { loss: 1, attackSuccess, admitted: 6, refused: 0, attackers, honest: 6 - attackers };
  return {
    outcome: "completed",
    reason: "all rounds committed",
    rounds: [
      { ...of, round: 1, accuracy: accuracy / 2, attackersFlagged: 0, honestFlagged: 1 },
      { ...of, round: 2, accuracy, attackersFlagged: attackers, honestFlagged: 0 },
    ],
    clients: [{ name: "client-1", isAttacker: false, rounds: 2, flagged: 1, refused: 0, figures: { cosine: 0.5 } }],
    accuracy,
    worstClientAccuracy: accuracy - 0.1,
    attackSuccess,
    planSha256: "1".repeat(64),
    modelSha256: "2".repeat(64),
    versionsSha256: "3".repeat(64),
    seconds: { total: 2, setup: 0.5, training: 1, judging: 0.1 },
  };
}

export function runOf(cell: Cell, accuracy: number, attackSuccess: number | null = null): CellRun {
  return { id: cellIdOf(cell), cell, ...madeUp(accuracy, attackSuccess, cell.attackers) };
}

/** A table's cells as `<td>text</td>`, without what they say for phones and for the style sheet. */
export const plainCells = (html: string): string => html.replaceAll(/<td [^>]*>/g, "<td>");

/** Its job ended within the second round, after a first that nothing was wrong with. */
export function brokenRun(cell: Cell, accuracy: number, attackSuccess: number | null = null): CellRun {
  const run = runOf(cell, accuracy, attackSuccess);
  const rounds = run.rounds.map((it) =>
    it.round === 1 ? { ...it, accuracy } : { ...it, accuracy: null, attackSuccess: null },
  );
  return { ...run, outcome: "broken", reason: "round 2 was given up", rounds };
}
