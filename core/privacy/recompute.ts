import { z } from "zod";
import { FederationError } from "../errors.ts";
import type { ClientId } from "../ids.ts";
import { type Account, boundUnder, type Claim, type Entry, NOTHING_CHARGED, withEntry } from "./account.ts";
import type { PrivacyBound } from "./accountants/accountant.ts";
import type { Mechanism, Sampling } from "./accountants/mechanism.ts";

const ratio = z.number().gt(0).max(1);
/** As in a plan: what is added up for more would take longer than anybody waits. */
const count = z.int().min(1).max(1_000_000);
const adjacency = z.enum(["zero-out", "replace-one"]);
const noiseMultiplier = z.number().positive();

export const samplingSchema: z.ZodType<Sampling> = z.union([
  z.literal("full"),
  z.strictObject({ poisson: z.strictObject({ rate: ratio }) }),
  z.strictObject({ poisson: z.strictObject({ rate: ratio, cap: count, population: count }) }),
  z.strictObject({
    poisson: z.strictObject({ rate: ratio, population: count, cap: count.optional(), sizePublished: z.literal(true) }),
  }),
  z.strictObject({ fixed: z.strictObject({ cohort: count, population: count }) }),
]);

const mechanism: z.ZodType<Mechanism> = z.discriminatedUnion("mechanism", [
  z.strictObject({ mechanism: z.literal("gaussian"), noiseMultiplier, adjacency, sampling: samplingSchema }),
  z.strictObject({
    mechanism: z.literal("tree"),
    noiseMultiplier,
    adjacency,
    numLeaves: count,
    minSeparation: count.or(z.literal(0)),
    maxParticipations: count,
  }),
]);

const jobId = z.string();
/** Ids, not commitments to them: who looks for its own id must not miss itself. */
const clients = z.array(z.string().regex(/^[0-9a-f]{32}$/, "must be the id of a client, not a commitment to one"));

/** What a ledger says of privacy; the fields of its events that nobody adds up are left to others. */
const ledgerEvent = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("JobStarted"), jobId, population: clients }),
  z.looseObject({
    type: z.literal("ChargeReserved"),
    jobId,
    mechanism,
    times: z.int().min(0).default(1),
    unit: z.enum(["client", "example"]).default("client"),
    clients: clients.optional(),
  }),
]);

/** Adds up what one client was charged, while it is shown the public parts of the journal's events in order. */
export interface AccountReader {
  /** So far. */
  readonly account: Account;
  /**
   * Events of types that have nothing to do with privacy are passed over.
   * @throws DATA_FILE_INVALID for a charge that is not of the known form, that hides whom it is for, or of a job that
   * never started: an epsilon without it would be too small
   */
  take(event: unknown): void;
}

export function accountReader(clientId: ClientId): AccountReader {
  const populations = new Map<string, readonly string[]>();
  let account = NOTHING_CHARGED;
  let index = -1;
  return {
    get account() {
      return account;
    },
    take(event) {
      index++;
      if (!concernsPrivacy(event)) return;
      const parsed = ledgerEvent.safeParse(event);
      if (!parsed.success) throw invalid(index, z.prettifyError(parsed.error));
      const { data } = parsed;
      if (data.type === "JobStarted") populations.set(data.jobId, data.population);
      else if (whoPays(data, populations, index).includes(clientId)) account = withEntry(account, entryOf(data));
    },
  };
}

/**
 * The account of one client, from the public parts of all events: the client's own sum, to hold against what the
 * coordinator says in its tasks.
 * @throws DATA_FILE_INVALID as an AccountReader does
 */
export function recomputedAccount(events: Iterable<unknown>, clientId: ClientId): Account {
  const reader = accountReader(clientId);
  for (const event of events) reader.take(event);
  return reader.account;
}

type ChargeEvent = Extract<z.output<typeof ledgerEvent>, { type: "ChargeReserved" }>;

function whoPays({ jobId, clients }: ChargeEvent, populations: ReadonlyMap<string, readonly string[]>, index: number) {
  const charged = clients ?? populations.get(jobId);
  if (charged === undefined) throw invalid(index, `job ${jobId} has not started`);
  return charged;
}

function entryOf({ jobId, mechanism, times, unit }: ChargeEvent): Entry {
  return { jobId, mechanism, times, unit };
}

/** What that account costs in the terms of a plan. */
export function recomputedEpsilon(events: Iterable<unknown>, clientId: ClientId, claim: Claim): PrivacyBound {
  return boundUnder(recomputedAccount(events, clientId), claim);
}

function concernsPrivacy(event: unknown): boolean {
  if (typeof event !== "object" || event === null || !("type" in event)) return false;
  return event.type === "JobStarted" || event.type === "ChargeReserved";
}

function invalid(index: number, why: string): FederationError {
  return new FederationError("DATA_FILE_INVALID", `event ${index} of the ledger: ${why}`);
}
