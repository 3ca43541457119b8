import { canonicalJson } from "../crypto/canonical-json.ts";
import { FederationError } from "../errors.ts";
import { type AccountantName, boundOf, type Charge, type PrivacyBound } from "./accountants/accountant.ts";
import { type Adjacency, type Mechanism, unamplified } from "./accountants/mechanism.ts";

/** Whom a statement is about: a client with all it has, or one of its examples. */
export type Unit = "client" | "example";

/** A charge as it is kept: whose job it was, what it protects, and how often. */
export interface Entry extends Charge {
  readonly jobId: string;
  readonly unit: Unit;
}

/** Everything that one client was ever charged, over all jobs. Immutable; clients with one history share one account. */
export type Account = readonly Entry[];

export const NOTHING_CHARGED: Account = [];

/** What an epsilon is asked for. */
export interface Claim {
  readonly unit: Unit;
  readonly adjacency: Adjacency;
  readonly delta: number;
  readonly accountant?: AccountantName | undefined;
}

/** The account after one more charge; like charges of one job are counted, not listed. */
export function withEntry(account: Account, entry: Entry): Account {
  if (entry.times === 0) return account;
  const at = account.findIndex((it) => it.jobId === entry.jobId && it.unit === entry.unit && isSame(it, entry));
  if (at === -1) return [...account, entry];
  return account.map((it, i) => (i === at ? { ...it, times: it.times + entry.times } : it));
}

/**
 * The epsilon that `claim` costs a client with this account: an upper bound, computed anew from the charges each time.
 * Charges of both adjacencies are first stated under the claim's own; where no accountant knows all of them together,
 * nothing is taken to be amplified, which every one of them can count (docs/privacy.md).
 */
export function boundUnder(account: Account, claim: Claim): PrivacyBound {
  const charges = chargesUnder(account, claim);
  try {
    return boundOf(charges, claim.delta, claim.accountant);
  } catch (error) {
    if (!(error instanceof FederationError && error.code === "PRIVACY_UNSUPPORTED")) throw error;
    return boundOf(
      charges.map((it) => ({ ...it, mechanism: unamplified(it.mechanism) })),
      claim.delta,
      "rdp",
    );
  }
}

/** What the account says of the claim's unit, in the claim's terms, equal mechanisms together. */
export function chargesUnder(account: Account, { unit, adjacency }: Claim): readonly Charge[] {
  const charges: Charge[] = [];
  for (const { unit: ofEntry, mechanism, times } of account) {
    const stated = ofEntry === unit ? under(mechanism, adjacency) : underOtherUnit(mechanism, ofEntry, adjacency);
    const at = charges.findIndex((it) => stated !== undefined && isSame(it, { mechanism: stated }));
    const known = charges[at];
    if (known !== undefined) charges[at] = { ...known, times: known.times + times };
    else if (stated !== undefined) charges.push({ mechanism: stated, times });
  }
  return charges;
}

/**
 * Noise that is `z` times the distance a client makes by vanishing is half as many times the distance it makes by being
 * replaced. The other way round a vanished client is one way of replacing it, so the multiplier holds as it is.
 */
function under(mechanism: Mechanism, adjacency: Adjacency): Mechanism {
  if (mechanism.adjacency === adjacency) return mechanism;
  if (adjacency === "replace-one") {
    const replaced = { ...mechanism, adjacency, noiseMultiplier: mechanism.noiseMultiplier / 2 };
    // no theorem in place for a capped sample in which a client is replaced
    return isCapped(replaced) ? unamplified(replaced) : replaced;
  }
  // the theorems for samples of a fixed size and for Poisson samples are for the other adjacency each
  return { ...unamplified(mechanism), adjacency };
}

/**
 * Whoever's example changed sends some other update: a statement about clients, stated for replacing one, holds for its
 * examples too. A statement about examples says nothing of clients, and is left out of theirs.
 */
function underOtherUnit(mechanism: Mechanism, of: Unit, adjacency: Adjacency): Mechanism | undefined {
  return of === "example" ? undefined : { ...unamplified(under(mechanism, "replace-one")), adjacency };
}

function isCapped(mechanism: Mechanism): boolean {
  if (mechanism.mechanism !== "gaussian" || mechanism.sampling === "full") return false;
  const { sampling } = mechanism;
  return "poisson" in sampling && "cap" in sampling.poisson && !("sizePublished" in sampling.poisson);
}

function isSame(a: Pick<Charge, "mechanism">, b: Pick<Charge, "mechanism">): boolean {
  return canonicalJson(a.mechanism) === canonicalJson(b.mechanism);
}
