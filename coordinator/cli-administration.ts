import { Command, InvalidArgumentError, Option } from "commander";

interface Administered {
  readonly profile: string;
}

export interface CeilingOptions extends Administered {
  readonly maxEpsilon: number;
  readonly delta: number;
  readonly adjacency: "zero-out" | "replace-one";
  /** By name; everyone where none is named. */
  readonly client: readonly string[];
  readonly reason: string;
  /** That nobody will be able to raise or lift it is known. */
  readonly yes: boolean;
}

export interface AdministrationActions {
  showPrivacy(options: Administered & { readonly job?: string; readonly json: boolean }): Promise<void>;
  setCeiling(options: CeilingOptions): Promise<void>;
  liftCeiling(options: Pick<CeilingOptions, "profile" | "client" | "reason">): Promise<void>;
  approveChange(options: Administered & { readonly change: string }): Promise<void>;
  adminKeygen(options: { readonly out: string }): Promise<void>;
  listAdmins(options: Administered): Promise<void>;
  addAdmin(
    options: Administered & {
      readonly name: string;
      readonly publicKey: string;
      readonly out: string;
      readonly reason: string;
    },
  ): Promise<void>;
  removeAdmin(options: Administered & { readonly name: string; readonly reason: string }): Promise<void>;
}

type Load = () => Promise<AdministrationActions>;

/** The commands of `holdfast privacy` that ask a coordinator. */
export function privacyAdministration(load: Load): Command[] {
  const show = administered("show", "what clients were charged, what is left, and what administrators have decided")
    .argument("[job]", "as this job's plan counts it (default: all clients)")
    .option("--json", "as one JSON object", false)
    .action(async (job: string | undefined, options: Administered & { json: boolean }) =>
      (await load()).showPrivacy({ ...options, ...(job !== undefined && { job }) }),
    );
  return [show, budget(load)];
}

function budget(load: Load): Command {
  return new Command("budget")
    .description("ceilings on what all jobs together may cost a client; one administrator lowers them, two raise them")
    .addCommand(
      concerning(administered("set", "set a ceiling: at once if it is lower, else it waits for a second administrator"))
        .requiredOption("--max-epsilon <number>", "what a client may be charged over all jobs", atLeastZero)
        .requiredOption("--delta <number>", "at this delta", fraction)
        .addOption(
          new Option("--adjacency <kind>", "what a neighbouring population is")
            .choices(["zero-out", "replace-one"])
            .default("zero-out"),
        )
        .option("--yes", "also where you are the only administrator, so that nobody can ever raise or lift it", false)
        .action(async (options: CeilingOptions) => (await load()).setCeiling(options)),
    )
    .addCommand(
      concerning(administered("lift", "propose to lift a ceiling; it waits for a second administrator")).action(
        async (options: CeilingOptions) => (await load()).liftCeiling(options),
      ),
    )
    .addCommand(approval(load));
}

export function adminsCommand(load: Load): Command {
  const group = new Command("admins").description("who may administer the federation; it takes two to change that");
  group
    .command("keygen")
    .description("make an administrator's key on the machine where it is to stay")
    .requiredOption("--out <file>", "the key file to write")
    .action(async (options: { out: string }) => (await load()).adminKeygen(options));
  return group
    .addCommand(
      administered("list", "all administrators").action(async (options: Administered) =>
        (await load()).listAdmins(options),
      ),
    )
    .addCommand(
      administered("add", "register an administrator by public key, and write a profile for it")
        .argument("<name>", "how the administrator is called here")
        .requiredOption("--public-key <hex>", "what `holdfast admins keygen` printed", publicKey)
        .requiredOption("--out <file>", "the profile to write; it wants <name>.key beside it")
        .option("--reason <text>", "kept in the journal", "registered")
        .action(async (name: string, options: Parameters<AdministrationActions["addAdmin"]>[0]) =>
          (await load()).addAdmin({ ...options, name }),
        ),
    )
    .addCommand(
      administered("remove", "propose to remove an administrator; two others have to sign")
        .argument("<name>", "as listed")
        .requiredOption("--reason <text>", "kept in the journal")
        .action(async (name: string, options: Administered & { reason: string }) =>
          (await load()).removeAdmin({ ...options, name }),
        ),
    )
    .addCommand(approval(load));
}

function approval(load: Load): Command {
  return administered("approve", "give the second signature to a change that another administrator has proposed")
    .argument("<change>", "the id that `holdfast privacy show` lists", sha256)
    .action(async (change: string, options: Administered) => (await load()).approveChange({ ...options, change }));
}

function administered(name: string, description: string): Command {
  return new Command(name).description(description).requiredOption("--profile <file>", "an administrator's profile");
}

function concerning(command: Command): Command {
  return command
    .option("--client <name...>", "only these clients (default: everyone, enrolled now or later)", [])
    .requiredOption("--reason <text>", "kept in the journal");
}

function atLeastZero(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("a number from 0 is needed");
  }
  return value;
}

function fraction(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("a number between 0 and 1 is needed");
  return value;
}

const publicKey = hexOf("a public key is 64 hex digits");
const sha256 = hexOf("the id of a change is 64 hex digits");

function hexOf(needed: string): (text: string) => string {
  return (text) => {
    if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError(needed);
    return text;
  };
}
