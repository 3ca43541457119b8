import type { JobEvent, StoredEvent } from "../../../coordinator/index.ts";
import type { ClientId } from "../../../core/ids.ts";

/** What one round says of a defence, with the lab's knowledge of who attacks. */
export interface RoundMeasures {
  readonly round: number;
  /** Of the global model after the round; null where it was not evaluated. */
  accuracy: number | null;
  /** Mean cross-entropy in nats. */
  loss: number | null;
  /** Share of what the attack aims at that it reached; null for attacks that aim at nothing in particular. */
  attackSuccess: number | null;
  admitted: number;
  refused: number;
  /** Attackers and honest clients asked this round, by its newest attempt. */
  attackers: number;
  honest: number;
  /** Those of them that the coordinator found something against. */
  attackersFlagged: number;
  honestFlagged: number;
}

/** Means of a client's figures over the rounds in which it had them. */
export interface ClientMeasures {
  readonly name: string;
  readonly isAttacker: boolean;
  readonly rounds: number;
  readonly flagged: number;
  readonly refused: number;
  readonly figures: Readonly<Record<string, number>>;
}

export interface Named {
  readonly name: string;
  readonly isAttacker: boolean;
}

/** The figures of docs/operations.md that a report has room for. */
const FIGURES = ["normRatio", "cosine", "trimmed", "clipFactor", "inDegree", "coefficient", "krumRank"] as const;

interface Tally {
  rounds: number;
  flagged: number;
  refused: number;
  readonly sums: Map<string, { sum: number; count: number }>;
}

/** Folds a job's events into its measures, event by event. */
export class Measures {
  readonly rounds: RoundMeasures[] = [];
  readonly #members: ReadonlyMap<ClientId, Named>;
  readonly #tallies = new Map<ClientId, Tally>();

  constructor(members: ReadonlyMap<ClientId, Named>) {
    this.#members = members;
  }

  see({ event, sealed }: StoredEvent & { readonly event: JobEvent }): void {
    if (event.type === "RoundOpened") this.#opened(event.round, event.cohort);
    if (event.type === "UpdateRefused") this.#refused(event.clientId);
    if (event.type === "RefusalsCounted") this.#counted(event.counts);
    if (event.type === "RoundClosed") this.#current.admitted = event.rows.length;
    if (event.type !== "RoundDiagnosed") return;
    for (const { clientId, findings } of event.standings) if (findings.length > 0) this.#flag(clientId);
    if (sealed !== undefined) this.#takeFigures(sealed as Readonly<Record<string, readonly unknown[]>>);
  }

  clients(): ClientMeasures[] {
    return [...this.#tallies].map(([clientId, { sums, ...tally }]) => ({
      name: this.#memberOf(clientId).name,
      isAttacker: this.#memberOf(clientId).isAttacker,
      ...tally,
      figures: Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count])),
    }));
  }

  get #current(): RoundMeasures {
    return this.rounds.at(-1) as RoundMeasures;
  }

  /** An attempt that was abandoned leaves its refusals to the next one of its round. */
  #opened(round: number, cohort: readonly ClientId[]): void {
    const attackers = cohort.filter((it) => this.#memberOf(it).isAttacker).length;
    const asked = { attackers, honest: cohort.length - attackers };
    if (this.rounds.at(-1)?.round === round) return void Object.assign(this.#current, asked);
    this.rounds.push({
      round,
      accuracy: null,
      loss: null,
      attackSuccess: null,
      admitted: 0,
      refused: 0,
      ...asked,
      attackersFlagged: 0,
      honestFlagged: 0,
    });
  }

  #refused(clientId: ClientId): void {
    this.#current.refused += 1;
    this.#tallyOf(clientId).refused += 1;
  }

  #counted(counts: Readonly<Record<string, number>>): void {
    for (const count of Object.values(counts)) this.#current.refused += count;
  }

  #flag(clientId: ClientId): void {
    this.#tallyOf(clientId).flagged += 1;
    if (this.#memberOf(clientId).isAttacker) this.#current.attackersFlagged += 1;
    else this.#current.honestFlagged += 1;
  }

  #takeFigures({ clients = [], ...figures }: Readonly<Record<string, readonly unknown[]>>): void {
    for (const [i, clientId] of (clients as readonly ClientId[]).entries()) {
      const tally = this.#tallyOf(clientId);
      tally.rounds += 1;
      for (const name of FIGURES) {
        const value = figures[name]?.[i];
        if (typeof value !== "number") continue;
        const { sum, count } = tally.sums.get(name) ?? { sum: 0, count: 0 };
        tally.sums.set(name, { sum: sum + value, count: count + 1 });
      }
    }
  }

  #tallyOf(clientId: ClientId): Tally {
    const known = this.#tallies.get(clientId);
    if (known !== undefined) return known;
    const fresh: Tally = { rounds: 0, flagged: 0, refused: 0, sums: new Map() };
    this.#tallies.set(clientId, fresh);
    return fresh;
  }

  #memberOf(clientId: ClientId): Named {
    return this.#members.get(clientId) ?? { name: clientId, isAttacker: false };
  }
}
