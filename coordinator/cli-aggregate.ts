import { Command, InvalidArgumentError } from "commander";

export interface AggregateOptions {
  readonly files: readonly string[];
  readonly rule: string;
  readonly numByzantine: number;
  readonly pre: readonly string[];
  readonly param: readonly string[];
  readonly weights?: string;
  readonly reference: readonly string[];
  readonly seed: number;
  readonly threads?: number;
  readonly output?: string;
  readonly diagnostics: boolean;
  readonly json: boolean;
}

export interface AggregateActions {
  aggregate(options: AggregateOptions): Promise<void>;
  listSteps(options: { readonly json: boolean }): Promise<void>;
}

/** What may be repeated, but was not typed at all. */
const NONE = { pre: [], param: [], reference: [] };

type Typed = Omit<AggregateOptions, "files" | "rule" | keyof typeof NONE> &
  Partial<Pick<AggregateOptions, "rule" | keyof typeof NONE>> & { readonly list: boolean };

export function aggregateCommand(load: () => Promise<AggregateActions>): Command {
  const command: Command = new Command("aggregate")
    .description("aggregate updates that lie in files, as a round would")
    .argument("[files...]", "one .json or .npy file of all updates, or one .json, .npy or .safetensors file for each")
    .option("--rule <name>", "the rule that has the last word", one)
    .option("--num-byzantine <number>", "f: how many of the updates may be anything", whole, 0)
    .option("--pre <name>", "a pre-aggregator; may be repeated, applied from left to right", append)
    .option("--param <key=value>", "of the rule, or Name.key=value of any step; may be repeated", append)
    .option("--weights <file>", "one positive number for each update, for rules that take weights")
    .option("--reference <name=file>", "what the rule reads beside the updates; may be repeated", append)
    .option("--seed <number>", "what steps that draw at random start from", whole, 0)
    .option("--threads <number>", "how many compute; the result is the same (default: as many as help)", numThreads)
    .option("--output <file>", "also write the aggregate to a .npy file")
    .option("--diagnostics", "what the aggregation saw of each update", false)
    .option("--json", "print one JSON object", false)
    .option("--list", "print every rule and pre-aggregator with its parameters", false);
  return command.action(async (files: string[], { list, rule, ...options }: Typed) => {
    if (list) return (await load()).listSteps({ json: options.json });
    if (rule === undefined) command.error("error: required option '--rule <name>' not specified");
    if (files.length === 0) command.error("error: missing required argument 'files'");
    return (await load()).aggregate({ ...NONE, ...options, rule, files });
  });
}

const MAX_THREADS = 64;

const append = (value: string, before: readonly string[] = []) => [...before, value];

function one(value: string, before?: string): string {
  if (before !== undefined) throw new InvalidArgumentError(`${before} has the last word already`);
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError("a whole number is needed");
  return value;
}

function numThreads(text: string): number {
  const value = whole(text);
  if (value < 1 || value > MAX_THREADS) throw new InvalidArgumentError(`1 to ${MAX_THREADS} are possible`);
  return value;
}
