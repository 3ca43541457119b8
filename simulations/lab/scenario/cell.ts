import { canonicalJson } from "../../../core/crypto/canonical-json.ts";
import { sha256 } from "../../../core/crypto/sha256.ts";
import type { AttackSettings } from "../../attacks/registry.ts";
import type { PartitionSettings } from "../../partitions/settings.ts";
import type { Defence } from "./defence.ts";
import type { Grid } from "./scenario.ts";

type Shared = Omit<
  Grid,
  "name" | "about" | "attacks" | "rules" | "numByzantine" | "partitions" | "seeds" | "attackers"
>;

/** One federation to run: all that its result depends on, and nothing else. Plain data, for threads and for digests. */
export interface Cell extends Shared {
  /** Null where those who could attack behave. */
  readonly attack: AttackSettings | null;
  readonly defence: Defence;
  readonly numByzantine: number;
  readonly attackers: number;
  readonly partition: PartitionSettings;
  readonly seed: number;
}

/** The cells of a grid; seeds vary fastest, so that a point of the report is complete as early as can be. */
export function cellsOf(grid: Grid): Cell[] {
  const { name: _, about: __, attacks, rules, numByzantine, partitions, seeds, attackers, ...shared } = grid;
  return partitions.flatMap((partition) =>
    numByzantine.flatMap((f) =>
      attacks.flatMap((attack) =>
        rules.flatMap((defence) =>
          seeds.map((seed) => {
            const numAttackers = attack === null ? 0 : (attackers ?? f);
            return { ...shared, attack, defence, numByzantine: f, attackers: numAttackers, partition, seed };
          }),
        ),
      ),
    ),
  );
}

/** Whether those who attack do so in this round, or are honest. */
export function isAttackRound({ attackRounds: window }: Pick<Cell, "attackRounds">, round: number): boolean {
  return window === undefined || (round >= window.from && round <= (window.to ?? Number.POSITIVE_INFINITY));
}

/** SHA-256 of the cell's settings, the first 16 hex digits: the same settings are the same cell in any grid. */
export function cellIdOf(cell: Cell): string {
  return sha256(canonicalJson(JSON.parse(JSON.stringify(cell)))).slice(0, 16);
}
