import { canonicalJson } from "../../../core/crypto/canonical-json.ts";
import { sha256 } from "../../../core/crypto/sha256.ts";
import type { AttackSettings } from "../../attacks/registry.ts";
import type { PartitionSettings } from "../../partitions/settings.ts";
import type { Defence } from "./defence.ts";
import { type Grid, numbersOf } from "./scenario.ts";
import { askedOnAverage } from "./setting.ts";

type Shared = Omit<
  Grid,
  "name" | "about" | "attacks" | "rules" | "numByzantine" | "partitions" | "seeds" | "attackers" | "clients"
>;

/** One federation to run: all that its result depends on, and nothing else. Plain data, for threads and for digests. */
export interface Cell extends Shared {
  /** Null where those who could attack behave. */
  readonly attack: AttackSettings | null;
  readonly defence: Defence;
  readonly numByzantine: number;
  /** All of them, attackers included. */
  readonly clients: number;
  readonly attackers: number;
  readonly partition: PartitionSettings;
  readonly seed: number;
}

/** The cells of a grid; seeds vary fastest, so that a point of the report is complete as early as can be. */
export function cellsOf(grid: Grid): Cell[] {
  const { name: _, about: __, attacks, rules, numByzantine, partitions, seeds, attackers, ...shared } = grid;
  return partitions.flatMap((partition) =>
    numByzantine.flatMap((f) =>
      numbersOf(attackers).flatMap((number = f) =>
        attacks.flatMap((attack) =>
          rules.flatMap((defence) => {
            const sizes = sizesOf(shared, attack === null ? 0 : number, defence.numByzantine ?? f);
            return seeds.map((seed) => ({ ...shared, ...sizes, attack, defence, partition, seed }));
          }),
        ),
      ),
    ),
  );
}

/** @param told a number, or a share of the clients that a round asks, rounded down */
function sizesOf(
  { clients: written, cohort }: Pick<Grid, "clients" | "cohort">,
  attackers: number,
  told: number | { readonly share: number },
) {
  const clients = typeof written === "number" ? written : written.honest + attackers;
  // 0.29 x 100 is a little less than 29
  const numByzantine =
    typeof told === "number" ? told : Math.floor(told.share * askedOnAverage({ clients, cohort }) + 1e-9);
  return { clients, attackers, numByzantine };
}

/** Whether those who attack do so in this round, or are honest. */
export function isAttackRound({ attackRounds: window }: Pick<Cell, "attackRounds">, round: number): boolean {
  return window === undefined || (round >= window.from && round <= (window.to ?? Number.POSITIVE_INFINITY));
}

/** SHA-256 of the cell's settings, the first 16 hex digits: the same settings are the same cell in any grid. */
export function cellIdOf(cell: Cell): string {
  return sha256(canonicalJson(JSON.parse(JSON.stringify(cell)))).slice(0, 16);
}
