import { type Gate, table } from "./report.ts";

export interface Size {
  readonly n: number;
  readonly d: number;
}

export interface Timing {
  readonly best: number;
  readonly median: number;
}

/** How many times as fast two threads are as one, taking turns. */
export interface ThreadRatios {
  readonly ofBest: number;
  readonly ofPairs: number;
  /** How many times as much two processes do as one that share nothing and find all they need in their caches. */
  readonly apart?: number;
}

export interface Row extends Size {
  readonly name: string;
  readonly skipped?: string;
  readonly oneThread?: Timing;
  readonly twoThreads?: Timing;
  /** One thread over two, each pair run one after the other. */
  readonly threads?: ThreadRatios;
  /** Of the larger of the two processes; `growth` is what came on top of the updates where they are in memory. */
  readonly memory?: { readonly growth: number; readonly peak: number };
  readonly peers: Readonly<Record<string, Timing>>;
}

export interface Closing {
  readonly afterLastArrival: Timing;
  readonly fromNothing: Timing;
}

export const GATE_SIZE = { n: 100, d: 1e6 };
export const CLOSING = { n: 50, d: 1e6, arrivalMs: 20 };
/** Larger matrices are read from files by us, and are not given to the peers: they would need several times as much. */
const MAX_VALUES_IN_MEMORY = 2e8;

/** What this project promises of its speed, at n = 100 and d = 1,000,000 on one thread. */
export function gatesOf(rows: readonly Row[]): Gate[] {
  const at = (name: string) => rows.find((row) => row.name === name && row.n === GATE_SIZE.n && row.d === GATE_SIZE.d);
  const [trimmedMean, median, krum] = [at("TrimmedMean"), at("Median"), at("Krum")];
  const sort = ["numpy sort", "numpy transpose and sort"];
  return [
    ...sort.flatMap((form) => ratioGate(trimmedMean, `${form}, trimmed mean`, 1)),
    ...ratioGate(trimmedMean, "torch.sort, trimmed mean", 5),
    ...sort.flatMap((form) => ratioGate(median, `${form}, median`, 1)),
    ...ratioGate(median, "torch.median", 5),
    ...ratioGate(krum, "numpy double-loop Krum", 20),
    ...ratioGate(krum, "numpy x @ x.T", 1 / 3),
    ...[trimmedMean, median, krum].flatMap(threadGate),
  ];
}

function ratioGate(row: Row | undefined, peer: string, least: number): Gate[] {
  const [mine, theirs] = [row?.oneThread?.best, row?.peers[peer]?.best];
  if (row === undefined || mine === undefined || theirs === undefined) return [];
  const ratio = theirs / mine;
  const wanted = least >= 1 ? `at least ${least} times as fast as` : `at most ${1 / least} times`;
  const found = least >= 1 ? `${ratio.toFixed(2)} times as fast` : `${(1 / ratio).toFixed(2)} times`;
  return [{ what: `${row.name}: ${wanted} ${peer}`, passed: ratio >= least, found }];
}

function threadGate(row: Row | undefined): Gate[] {
  if (row?.threads === undefined) return [];
  const { ofBest, ofPairs, apart } = row.threads;
  const limit = apart === undefined ? "" : `; two processes with nothing in common ${apart.toFixed(2)}`;
  const found = `${ofPairs.toFixed(2)} times (median of pairs; best times ${ofBest.toFixed(2)}${limit})`;
  return [{ what: `${row.name}: two threads at least 1.7 times one`, passed: ofPairs >= 1.7, found }];
}

export function closingGate({ afterLastArrival, fromNothing }: Closing): Gate {
  const ratio = afterLastArrival.median / fromNothing.median;
  const what = "Krum: closing at most a quarter of computing from nothing";
  return { what, passed: ratio <= 0.25, found: ratio.toFixed(2) };
}

export function page(rows: readonly Row[], closing: Closing | undefined, beside: string): string {
  const sizes = new Set(rows.map(sizeOf));
  const sections = [...sizes].flatMap((size) => sectionOf(rows.filter((row) => sizeOf(row) === size)));
  const closed = closing === undefined ? [] : [closingTable(closing)];
  return [`Beside it: ${beside}.`, ...sections, ...closed].join("\n\n");
}

function sizeOf({ n, d }: Size): string {
  return `n = ${n}, d = ${d.toLocaleString("en")}, ${fits({ n, d }) ? "in memory" : "in a file"}`;
}

/** Rows of one size. */
function sectionOf(rows: readonly Row[]): string[] {
  const head = [
    sizeOf(rows[0] ?? GATE_SIZE),
    "one thread, s",
    "two threads, s",
    "GB/s, one thread",
    "peak memory, MB",
    "of which growth",
  ];
  const peers = rows.flatMap((row) => Object.entries(row.peers).map(([peer, timing]) => peerLine(row, peer, timing)));
  return [
    table(head, rows.map(ruleLine)),
    ...(peers.length > 0 ? [table(["beside it, one thread", "s", "times ours"], peers)] : []),
  ];
}

function ruleLine(row: Row): string[] {
  if (row.oneThread === undefined || row.twoThreads === undefined) return [row.name, row.skipped ?? "", "", "", "", ""];
  const perSecond = gigabytesPerSecond(row, row.oneThread.best);
  const [peak, growth] = [row.memory?.peak, row.memory?.growth].map((megabytes) => megabytes?.toFixed(0) ?? "");
  return [row.name, shown(row.oneThread), shown(row.twoThreads), perSecond, peak ?? "", growth ?? ""];
}

function peerLine(row: Row, peer: string, timing: Timing): string[] {
  const ratio = row.oneThread === undefined ? "" : (timing.best / row.oneThread.best).toFixed(2);
  return [peer, shown(timing), `${ratio} (${row.name})`];
}

function closingTable({ afterLastArrival, fromNothing }: Closing): string {
  return table(
    [`Krum, n = ${CLOSING.n}, d = 1,000,000, arrivals ${CLOSING.arrivalMs} ms apart, one thread`, "s"],
    [
      ["from the last arrival to the aggregate", shown(afterLastArrival)],
      ["from nothing", shown(fromNothing)],
    ],
  );
}

export function gigabytesPerSecond({ n, d }: Size, seconds: number): string {
  return ((4 * n * d) / 1e9 / seconds).toFixed(2);
}

/** Best, and median behind it. */
function shown({ best, median }: Timing): string {
  return `${best.toPrecision(3)} (${median.toPrecision(3)})`;
}

export function fits({ n, d }: Size): boolean {
  return n * d <= MAX_VALUES_IN_MEMORY;
}
