import { dirname, join } from "node:path";
import { canonicalJson } from "../core/crypto/canonical-json.ts";
import { writeKeyFile } from "../core/crypto/key-files.ts";
import { coordinatorSigningKey, newSeed } from "../core/crypto/sign.ts";
import { FederationError } from "../core/errors.ts";
import { asDigest, clientIdOf, toHex } from "../core/ids.ts";
import { writeAdminProfile } from "./admin-profile.ts";
import type { Change } from "./administration/change.ts";
import type { AdministrationActions } from "./cli-administration.ts";
import type { AdminClient, AdminProfile } from "./grpc/admin-client.ts";
import { jobNamed } from "./job-named.ts";
import { deltaWarning } from "./privacy/command/typed-mechanism.ts";
import { tellChange, tellPrivacy } from "./privacy/tell-privacy.ts";

/** Signs in as the profile's administrator for one piece of work. */
type Administer = (
  options: { readonly profile: string },
  work: (admin: AdminClient, profile: AdminProfile) => Promise<void>,
) => Promise<void>;

/** What `holdfast privacy show|budget` and `holdfast admins` do. */
export function privacyActions(
  administer: Administer,
  print: (line: string) => void,
  warn: (line: string) => void,
): AdministrationActions {
  async function submit(admin: AdminClient, change: Change, reason: string): Promise<void> {
    const { changeId, isMade } = await admin.submitChange(change, reason);
    const waits = `proposed; another administrator has to sign it: holdfast privacy budget approve ${changeId}`;
    print(`${tellChange(change)}: ${isMade ? "done" : waits}`);
  }

  return {
    showPrivacy: (options) =>
      administer(options, async (admin) => {
        const report = await admin.showPrivacy(
          options.job === undefined ? undefined : await jobNamed(admin, options.job),
        );
        for (const line of options.json ? [canonicalJson(report)] : tellPrivacy(report)) print(line);
      }),
    setCeiling: (options) =>
      administer(options, async (admin) => {
        const { maxEpsilon, delta, adjacency, reason, yes } = options;
        if (!yes) await assertNotAlone(admin);
        const clients = (await admin.listClients()).filter((it) => !it.revoked).length;
        if (delta * clients > 1) warn(deltaWarning(delta, clients));
        const change = {
          change: "ceiling",
          clients: scopeOf(options),
          ceiling: { maxEpsilon, delta, adjacency },
        } as const;
        return submit(admin, change, reason);
      }),
    liftCeiling: (options) =>
      administer(options, (admin) =>
        submit(admin, { change: "ceiling", clients: scopeOf(options), ceiling: null }, options.reason),
      ),
    approveChange: (options) =>
      administer(options, async (admin) => {
        const { change, reason } = await admin.approveChange(asDigest(options.change));
        print(`${tellChange(change)} (${reason}): done`);
      }),
    async adminKeygen({ out }) {
      const seed = newSeed();
      await writeKeyFile(out, seed);
      print(toHex(coordinatorSigningKey(seed).publicKey));
    },
    listAdmins: (options) =>
      administer(options, async (admin) => {
        for (const { name, publicKey } of (await admin.showPrivacy()).administrators) print(`${name}\t${publicKey}`);
      }),
    addAdmin: (options) =>
      administer(options, async (admin, { key: _, ...target }) => {
        const { name, publicKey, out, reason } = options;
        await submit(admin, { change: "add-administrator", name, publicKey }, reason);
        await writeAdminProfile(out, { ...target, keyFile: join(dirname(out), `${name}.key`) });
      }),
    removeAdmin: (options) =>
      administer(options, async (admin) => {
        const { administrators } = await admin.showPrivacy();
        const publicKey = administrators.find((it) => it.name === options.name)?.publicKey;
        if (publicKey === undefined) throw new FederationError("CONFIG_INVALID", `no administrator ${options.name}`);
        await submit(admin, { change: "remove-administrator", publicKey }, options.reason);
      }),
  };
}

/** Who is alone can tighten and never loosen again, nor name anybody who could help: no ceiling may be in force for that. */
async function assertNotAlone(admin: AdminClient): Promise<void> {
  if ((await admin.showPrivacy()).administrators.length > 1) return;
  throw new FederationError(
    "CONFIG_INVALID",
    "you are the only administrator: nobody could ever raise or lift this ceiling, nor register a second administrator " +
      "while it is in force; register one first (holdfast admins add), or say --yes",
  );
}

/** Client ids are made of names, so no list has to be asked for. */
function scopeOf({ client }: { readonly client: readonly string[] }) {
  return client.length === 0 ? "everyone" : [...client].map(clientIdOf).sort();
}
