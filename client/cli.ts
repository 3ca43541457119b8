import { Command, InvalidArgumentError, Option } from "commander";
import type { Training } from "./run.ts";

/** What the commands do is passed in: this file only parses. */
export interface ClientActions {
  keygen(options: { readonly home: string }): Promise<void>;
  enroll(options: EnrollCommand): Promise<void>;
  run(options: RunCommand): Promise<void>;
  privacy(options: PrivacyCommand): Promise<void>;
}

interface PrivacyCommand {
  readonly home: string;
  readonly forcePlaintext: boolean;
  readonly json: boolean;
}

interface EnrollCommand {
  readonly home: string;
  readonly bundle: string;
  readonly forcePlaintext: boolean;
}

interface RunCommand {
  readonly home: string;
  readonly training: Training;
  readonly policy?: string;
  readonly forcePlaintext: boolean;
  readonly logLevel: string;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"];

const FORCE_PLAINTEXT = [
  "--force-plaintext",
  "no TLS, and to any address: whoever is on the network reads every update",
] as const;

export function clientCommands(actions: ClientActions): Command {
  const group = new Command("client").description("take part in a federation with data that stays here");
  group
    .command("keygen")
    .description("make this client's signing key")
    .requiredOption("--home <folder>", "where the client keeps everything")
    .action((options: { home: string }) => actions.keygen(options));
  group
    .command("enroll")
    .description("join the federation with the bundle its operator sent")
    .requiredOption("--home <folder>", "the folder made by keygen")
    .requiredOption("--bundle <file>", "the enrolment bundle; it works once")
    .option(...FORCE_PLAINTEXT, false)
    .action((options: EnrollCommand) => actions.enroll(options));
  run(group.command("run"), actions);
  group
    .command("privacy")
    .description("what this client's privacy has cost, recomputed from the coordinator's log")
    .requiredOption("--home <folder>", "the folder that is enrolled; no client may be running in it")
    .option(...FORCE_PLAINTEXT, false)
    .option("--json", "print one JSON object", false)
    .action((options: PrivacyCommand) => actions.privacy(options));
  return group;
}

interface TrainingFlags {
  readonly images: string | undefined;
  readonly labels: string | undefined;
  readonly csv: string | undefined;
  readonly columns: string | undefined;
  readonly trainer: string | undefined;
  readonly trainerTimeoutMs: number;
}

type RunFlags = TrainingFlags & Omit<RunCommand, "training">;

function run(command: Command, actions: ClientActions): void {
  command
    .description("train when the coordinator asks, until stopped")
    .requiredOption("--home <folder>", "the folder that is enrolled")
    .option("--images <file>", "this site's images, as an IDX file")
    .option("--labels <file>", "their labels, as an IDX file")
    .addOption(new Option("--csv <file>", "this site's examples, as a table").conflicts(["images", "labels"]))
    .option("--columns <file>", "which columns of the table are inputs and label (YAML)")
    .addOption(
      new Option("--trainer <command>", "train by this program, on data it finds itself").conflicts([
        "images",
        "labels",
        "csv",
        "columns",
      ]),
    )
    .option("--trainer-timeout-ms <number>", "the longest a task may keep the program", wholeNumber, 600_000)
    .option("--policy <file>", "what this site refuses to take part in (YAML)")
    .option(...FORCE_PLAINTEXT, false)
    .addOption(new Option("--log-level <level>").choices(LOG_LEVELS).default("info"))
    .action(({ images, labels, csv, columns, trainer, trainerTimeoutMs, ...options }: RunFlags) => {
      const training = trainingOf({ images, labels, csv, columns, trainer, trainerTimeoutMs });
      if (training === undefined) {
        command.error("error: either --images and --labels, --csv and --columns, or --trainer, is needed");
      }
      return actions.run({ ...options, training });
    });
}

function trainingOf(flags: TrainingFlags): Training | undefined {
  const { images, labels, csv, columns, trainer, trainerTimeoutMs } = flags;
  if (trainer !== undefined) return { by: "command", command: trainer, timeoutMs: trainerTimeoutMs };
  if (csv !== undefined && columns !== undefined) return { by: "tensorflow", csv, columns };
  if (images !== undefined && labels !== undefined) return { by: "tensorflow", images, labels };
  return undefined;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!(Number.isSafeInteger(value) && value > 0)) throw new InvalidArgumentError("a positive whole number is needed");
  return value;
}
