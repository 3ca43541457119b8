import { type Refusal, refuse } from "../../core/errors.ts";
import type { ClientId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { Account } from "../../core/privacy/account.ts";
import type { Adjacency } from "../../core/privacy/accountants/mechanism.ts";
import type { Accounts } from "./charge-book.ts";
import { remembered } from "./epsilons.ts";

/** What all jobs together may cost one client, whatever the plan of each of them allows. */
export interface Ceiling {
  readonly maxEpsilon: number;
  readonly delta: number;
  readonly adjacency: Adjacency;
}

/** Whose ceiling it is: that of every client, enrolled now or later, or that of one. */
export type Scope = "everyone" | ClientId;

/**
 * Whether the second ceiling allows anything that the first does not. None allows everything. Ceilings of which neither
 * is below the other in all its parts are weaker than each other: to change one for the other takes two persons.
 */
export function isWeaker(before: Ceiling | undefined, after: Ceiling | undefined): boolean {
  if (before === undefined) return false;
  if (after === undefined) return true;
  const isLooser = before.adjacency === "replace-one" && after.adjacency === "zero-out";
  return isLooser || after.maxEpsilon > before.maxEpsilon || after.delta > before.delta;
}

/** With the names that people know the clients by. */
export interface NamedCeilings {
  readonly ceilings: Ceilings;
  readonly nameOf: (clientId: ClientId) => string;
}

/** The ceilings in force. A client is under that of everyone and under its own: both hold. */
export class Ceilings {
  readonly #inForce = new Map<Scope, Ceiling>();
  readonly #epsilons = new Map<Ceiling, (account: Account) => number>();

  /** @param ceiling undefined lifts it */
  set(scope: Scope, ceiling: Ceiling | undefined): void {
    if (ceiling === undefined) this.#inForce.delete(scope);
    else this.#inForce.set(scope, ceiling);
    this.#epsilons.clear();
  }

  of(scope: Scope): Ceiling | undefined {
    return this.#inForce.get(scope);
  }

  all(): readonly (readonly [Scope, Ceiling])[] {
    return [...this.#inForce];
  }

  /** Those that a client is under. */
  over(clientId: ClientId): readonly Ceiling[] {
    return [this.of("everyone"), this.of(clientId)].filter((it) => it !== undefined);
  }

  /** Epsilon of an account in the terms of a ceiling. */
  spent(ceiling: Ceiling, account: Account): number {
    const { adjacency, delta } = ceiling;
    const epsilonOf = this.#epsilons.get(ceiling) ?? remembered({ unit: "client", adjacency, delta });
    this.#epsilons.set(ceiling, epsilonOf);
    return epsilonOf(account);
  }

  /**
   * Why a job of this mode must not go on to charge these accounts. Ceilings are about clients, so they leave no room for
   * a job without privacy, nor for one that protects single examples only.
   */
  refused(accounts: Accounts, mode: Plan["privacy"]["mode"], nameOf: NamedCeilings["nameOf"]): Refusal | undefined {
    for (const [clientId, account] of accounts) {
      for (const ceiling of this.over(clientId)) {
        const why = whyNot(mode) ?? this.#exceeded(ceiling, account);
        if (why !== undefined) return refuse("PRIVACY_BUDGET_SPENT", `client ${nameOf(clientId)}: ${why}`);
      }
    }
    return undefined;
  }

  #exceeded(ceiling: Ceiling, account: Account): string | undefined {
    const epsilon = this.spent(ceiling, account);
    if (epsilon <= ceiling.maxEpsilon) return undefined;
    return `epsilon would be ${epsilon} at delta ${ceiling.delta}, above the ceiling of ${ceiling.maxEpsilon} over all jobs`;
  }
}

function whyNot(mode: Plan["privacy"]["mode"]): string | undefined {
  if (mode === "central" || mode === "local") return undefined;
  const why = `there is a ceiling on what its privacy may cost, and no epsilon of clients covers a job of mode ${mode}`;
  return `${why}, acknowledged or not; accepted: mode central or local`;
}
