import type { Board, Member } from "../board.ts";
import { numAdmitted, type RoundProgress, slowClients } from "../progress.ts";

/** One round in one line: where it stands, what the model can do, and who stood out. */
export function roundText(label: string, round: RoundProgress, board: Board): string {
  const place = `round ${String(round.round).padStart(String(board.numRounds).length)}/${board.numRounds}`;
  const accuracy = round.accuracy === undefined ? "" : `accuracy ${round.accuracy.toFixed(3)}`;
  const admitted = `admitted ${String(numAdmitted(round)).padStart(2)}/${round.cohort.length}`;
  const width = Math.max(...board.runs.map((run) => run.label.length));
  return [label.padEnd(width), place, accuracy, admitted, ...remarks(round, board.members)].filter(Boolean).join("  ");
}

/** Who was refused, slow or absent, and why the round came to nothing. */
export function remarks(round: RoundProgress, members: readonly Member[]): string[] {
  const nameOf = (clientId: string) => members.find((it) => it.clientId === clientId)?.name ?? clientId;
  const byReason = new Map<string, string[]>();
  const note = (reason: string, clientId: string) =>
    byReason.set(reason, [...(byReason.get(reason) ?? []), nameOf(clientId)]);
  for (const [clientId, answer] of round.answers) {
    if (answer.kind === "refused") note(`refused ${answer.code}`, clientId);
    if (answer.kind === "declined") note(`declined (${answer.reason})`, clientId);
  }
  for (const clientId of round.absent) if (!round.answers.has(clientId)) note("absent", clientId);
  const named = [...byReason].map(([reason, names]) => `${reason}: ${names.toSorted().join(", ")}`);
  return [...named, ...unnamedRefusals(round), ...slow(round, nameOf), ...abandoned(round)];
}

/** Refusals besides those that were their client's answer: replays and the like. */
function unnamedRefusals({ answers, refused, refusalCodes }: RoundProgress): string[] {
  const named = [...answers.values()].flatMap((it) => (it.kind === "refused" ? [it.code as string] : []));
  const others = refusalCodes.filter((code) => !named.includes(code));
  const count = refused - named.length;
  return count > 0 ? [`refused ${count} more${others.length > 0 ? ` (${others.join(", ")})` : ""}`] : [];
}

function slow(round: RoundProgress, nameOf: (clientId: string) => string): string[] {
  const clients = slowClients(round).map((it) => `${nameOf(it.clientId)} ${(it.afterMs / 1000).toFixed(1)} s`);
  return clients.length > 0 ? [`slow: ${clients.join(", ")}`] : [];
}

function abandoned({ abandonedFor, attempt }: RoundProgress): string[] {
  return abandonedFor === undefined ? [] : [`attempt ${attempt} abandoned: ${abandonedFor}`];
}
