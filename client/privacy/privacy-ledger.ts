import { readFile } from "node:fs/promises";
import { z } from "zod";
import { FederationError, type Refusal, refuse } from "../../core/errors.ts";
import { DurableDisk } from "../../core/files/durable-write.ts";
import { asJobId, type JobId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import { type Account, boundUnder, NOTHING_CHARGED, withEntry } from "../../core/privacy/account.ts";
import { ACCOUNTANT_VERSION, type AccountantName } from "../../core/privacy/accountants/accountant.ts";
import { clientCharge, clientClaim } from "../../core/privacy/client-charge.ts";

/**
 * What this client has paid for updates noised by itself, and its hard stop: nobody else knows of updates that were lost,
 * came late or were refused, and the coordinator, who read them, is the one they are protected from. Charges add up over
 * all jobs; under `local` they are about this client, and so about its examples too, under `example` about each of its
 * examples alone.
 */
export interface PrivacyLedger {
  /** All charges so far. */
  readonly account: Account;
  /**
   * Why one more update under the plan would exceed its maxEpsilon; undefined while it would not, and under modes whose
   * noise is not the client's.
   * @throws PRIVACY_UNSUPPORTED
   */
  objection(plan: Plan): Refusal | undefined;
  /**
   * Pays for one update. Durable before it resolves: call it before the noise is drawn, or before what was trained with
   * noise leaves. A charge whose update was never sent stays. An objection charges nothing.
   * @throws PRIVACY_UNSUPPORTED, DISK_FULL, STORAGE_FAILED
   */
  charge(jobId: JobId, plan: Plan): Promise<Refusal | undefined>;
}

const mechanism = z.strictObject({
  mechanism: z.literal("gaussian"),
  noiseMultiplier: z.number().finite().positive(),
  adjacency: z.enum(["zero-out", "replace-one"]),
  sampling: z.union([
    z.literal("full"),
    z.strictObject({ poisson: z.strictObject({ rate: z.number().gt(0).max(1) }) }),
  ]),
});

const entry = z.strictObject({
  jobId: z.string().transform(asJobId),
  unit: z.enum(["client", "example"]),
  mechanism,
  times: z.int().min(1),
});

/** Mechanisms, from which epsilon is computed anew each time; the version is that of the accountant that last did. */
const ledgerFile = z.strictObject({ version: z.literal(1), accountant: z.string(), charges: z.array(entry) });

type Save = (account: Account) => Promise<void>;

/**
 * The ledger in a file, which a client that has paid nothing does not have. Whoever deletes it or puts an older one in
 * its place forgets what was paid.
 * @throws DATA_FILE_INVALID for a file that is no ledger: what was paid is not known then
 */
export async function openLedger(path: string): Promise<PrivacyLedger> {
  const disk = new DurableDisk();
  const save: Save = (charges) => {
    const json = JSON.stringify({ version: 1, accountant: ACCOUNTANT_VERSION, charges }, undefined, 1);
    return disk.write(path, [Buffer.from(`${json}\n`)]);
  };
  return ledger(await readEntries(path), save);
}

/** For clients that live no longer than their process, as in simulations. */
export function memoryLedger(): PrivacyLedger {
  return ledger(NOTHING_CHARGED, async () => undefined);
}

async function readEntries(path: string): Promise<Account> {
  const json = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (json === undefined) return NOTHING_CHARGED;
  try {
    return ledgerFile.parse(JSON.parse(json)).charges;
  } catch (cause) {
    throw new FederationError("DATA_FILE_INVALID", `${path} holds no privacy ledger`, { cause });
  }
}

function ledger(paid: Account, save: Save): PrivacyLedger {
  let account = paid;
  /** Asked before the training and again after it, mostly of the same. */
  let known: { readonly account: Account; readonly plan: Plan; readonly refusal: Refusal | undefined } | undefined;

  function objection(plan: Plan): Refusal | undefined {
    if (known?.account !== account || known.plan !== plan) {
      known = { account, plan, refusal: objectionTo(plan, account) };
    }
    return known.refusal;
  }

  return {
    get account() {
      return account;
    },
    objection,
    async charge(jobId, plan) {
      const refusal = objection(plan);
      const cost = costOf(plan);
      if (refusal !== undefined || cost === undefined) return refusal;
      account = withEntry(account, entry.parse({ jobId, unit: cost.claim.unit, ...cost.charge }));
      await save(account);
      return undefined;
    },
  };
}

/** What one more update costs, and in whose terms; undefined where the noise is not the client's. */
function costOf(plan: Plan) {
  const { privacy } = plan;
  const charge = clientCharge(plan);
  if (charge === undefined || privacy.mode === "none" || privacy.mode === "central") return undefined;
  return { charge, claim: clientClaim(privacy), maxEpsilon: privacy.maxEpsilon };
}

/** What no accountant can put a number on is not known to be within anything. */
function objectionTo(plan: Plan, account: Account): Refusal | undefined {
  const cost = costOf(plan);
  if (cost === undefined) return undefined;
  const { charge, claim, maxEpsilon } = cost;
  // whose job it is does not change what it costs
  const after = [...account, { jobId: "", unit: claim.unit, ...charge }];
  const isWithin = (accountant: AccountantName | undefined) => {
    const { epsilon } = boundUnder(after, { ...claim, accountant });
    return Number.isFinite(epsilon) && epsilon <= maxEpsilon;
  };
  // either bound is enough, and the first is had in milliseconds
  if (isWithin("rdp") || isWithin(claim.accountant)) return undefined;
  return refuse("PRIVACY_BUDGET_SPENT", `this client has spent its epsilon of ${maxEpsilon}`);
}
