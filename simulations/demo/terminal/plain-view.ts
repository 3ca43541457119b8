import { type Board, type DemoView, isSettled } from "../board.ts";
import { roundText } from "./round-text.ts";

/** One line for each thing that happened, for logs, pipes and screen readers. */
export function plainView(write: (text: string) => void): DemoView {
  const printed = new Set<string>();
  return {
    say: (line) => write(`${line}\n`),
    show: (board: Board) => {
      for (const { label, job } of board.runs) {
        for (const round of job.rounds.filter((it) => isSettled(it, job))) {
          const key = `${label} ${round.round} ${round.attempt}`;
          if (printed.has(key)) continue;
          printed.add(key);
          write(`${roundText(label, round, board)}\n`);
        }
      }
    },
    close: () => undefined,
  };
}
