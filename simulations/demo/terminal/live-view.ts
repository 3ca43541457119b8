import { accuracies, type Board, type DemoView, isSettled, type Member, type RunBoard } from "../board.ts";
import type { Answer, RoundProgress } from "../progress.ts";
import { seriesStyle } from "../series.ts";
import { accuracyChart } from "./chart.ts";
import type { Paint } from "./paint.ts";
import { remarks } from "./round-text.ts";

/** What a live view needs of a terminal. */
export interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const CLEAR_TO_END = "\u001b[0J";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const NO_WRAP = "\u001b[?7l";
const WRAP = "\u001b[?7h";

/** One picture that is drawn over itself: a line per rule, the round that is open, and the chart. */
export function liveView(terminal: Terminal, paint: Paint): DemoView {
  let drawn = 0;
  const erase = () => (drawn === 0 ? "" : `\u001b[${drawn}A\r${CLEAR_TO_END}`);

  function draw(lines: readonly string[]): void {
    terminal.write(`${HIDE_CURSOR}${NO_WRAP}${erase()}${lines.map((line) => `${line}\n`).join("")}${WRAP}`);
    drawn = lines.length;
  }

  return {
    say: (line) => {
      terminal.write(`${erase()}${line}\n`);
      drawn = 0;
    },
    show: (board) => draw(frame(board, { width: terminal.columns ?? 80, height: terminal.rows ?? 24 }, paint)),
    close: () => {
      if (drawn > 0) terminal.write(SHOW_CURSOR);
      drawn = 0;
    },
  };
}

/** The picture as lines, no higher than the terminal. */
export function frame(
  board: Board,
  { width, height }: { readonly width: number; readonly height: number },
  paint: Paint,
): string[] {
  const table = board.runs.map((run, index) => runText(run, index, board, paint));
  const chartHeight = Math.min(12, height - table.length - 7);
  const series = board.runs.map(({ label, job }) => ({ label, accuracies: accuracies(job) }));
  const size = { width: Math.min(width, 100) - 2, height: chartHeight, numRounds: board.numRounds };
  const chart = chartHeight < 4 ? [] : ["", ...accuracyChart(series, size, paint)];
  return ["", ...table, ...chart, "", remarkLine(board, paint)].map((line) => ` ${line}`);
}

function runText(run: RunBoard, index: number, board: Board, paint: Paint): string {
  const { glyph, terminalColor } = seriesStyle(index);
  const width = Math.max(...board.runs.map(({ label }) => label.length));
  const name = run.label.padEnd(width);
  if (run.stage === "waiting") return paint.dim(`${glyph} ${name}`);
  const accuracy = accuracies(run.job).findLast((it) => it !== null);
  const newest = run.job.rounds.at(-1);
  return [
    paint.color(terminalColor, `${glyph} ${name}`),
    paint.bold((accuracy?.toFixed(3) ?? "").padStart(5)),
    `${run.seconds.toFixed(1).padStart(5)} s`,
    `round ${newest?.round ?? 0}/${board.numRounds}`,
    run.stage === "running" && newest !== undefined ? strip(newest, board.members, paint) : paint.dim(endText(run)),
  ].join("   ");
}

function endText({ job, stage }: RunBoard): string {
  if (stage === "running") return "";
  return job.end?.outcome === "completed" ? "done" : `${job.end?.outcome ?? "stopped"}: ${job.end?.reason ?? ""}`;
}

/** One mark per client: hollow while it is waited for, full when its update was admitted, a cross when refused. */
function strip(round: RoundProgress, members: readonly Member[], paint: Paint): string {
  const marks = members.map(({ clientId, isAttacker }) => markOf(round.answers.get(clientId), isAttacker));
  const numHonest = members.filter((it) => !it.isAttacker).length;
  const attackers = marks.slice(numHonest).join("");
  return `${marks.slice(0, numHonest).join("")}${attackers === "" ? "" : ` ${paint.color(ATTACKER_COLOR, attackers)}`}`;
}

const ATTACKER_COLOR = 203;

function markOf(answer: Answer | undefined, isAttacker: boolean): string {
  switch (answer?.kind) {
    case undefined:
      return isAttacker ? "◇" : "○";
    case "admitted":
      return isAttacker ? "◆" : "●";
    case "refused":
      return "✗";
    case "declined":
      return "–";
  }
}

/** What stood out in the newest settled round of the running job where anything did. */
function remarkLine({ runs, members }: Board, paint: Paint): string {
  const running = runs.find(({ stage }) => stage === "running");
  if (running === undefined) return "";
  const settled = running.job.rounds.filter((it) => isSettled(it, running.job));
  const newest = settled.findLast((it) => remarks(it, members).length > 0);
  if (newest === undefined) return paint.dim("● admitted  ○ waited for  ✗ refused  ◆◇ attackers");
  return paint.dim(`round ${newest.round}: ${remarks(newest, members).join(" · ")}`);
}
