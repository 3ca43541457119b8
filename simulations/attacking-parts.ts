import type { Logger } from "pino";
import { z } from "zod";
import { grpcTransport, OPEN_POLICY, openParts, type ParticipantParts, tfjsTrainer } from "../client/index.ts";
import { readIdxDataset } from "../core/data/idx.ts";
import { FederationError } from "../core/errors.ts";
import type { Attack, Detour } from "./attacks/attack.ts";
import { attackOf, attackSettingsSchema } from "./attacks/registry.ts";
import { coalitionAt } from "./coalition.ts";

/** All that an attacker's process is told. */
export const attackerSettingsSchema = z.strictObject({
  /** Enrolled, like any client's. */
  home: z.string(),
  images: z.string(),
  labels: z.string(),
  attack: attackSettingsSchema,
  numClients: z.int(),
  numAttackers: z.int(),
  numClasses: z.int(),
  coalition: z.strictObject({
    url: z.url(),
    token: z.string(),
    member: z.string(),
    place: z.int(),
    numMembers: z.int(),
  }),
});

export type AttackerSettings = z.output<typeof attackerSettingsSchema>;

export interface AttackingParts {
  readonly parts: ParticipantParts;
  close(): Promise<void>;
}

/**
 * The parts of a deployed client, with the ports decorated that the attack is about.
 *
 * @throws CONFIG_INVALID for an attack that needs to know more than a process among others can
 */
export async function openAttackingParts(settings: AttackerSettings, log: Logger): Promise<AttackingParts> {
  const { home, images, labels, coalition } = settings;
  const attack = feasible(attackOf(settings.attack, settings));
  const dataset = await readIdxDataset(images, labels);
  const trainer = await tfjsTrainer({ dataset });
  const honest = await openParts({ home, policy: OPEN_POLICY, trainer, forcePlaintext: false }, log);

  const known = { place: coalition.place, signer: honest.signer, ...coalitionAt(coalition) };
  const poisoned =
    attack.dataset === undefined ? trainer : await tfjsTrainer({ dataset: attack.dataset(dataset, coalition.place) });
  const detour = await attack.detour?.(honest.profile.address);
  const transport = detour === undefined ? honest.transport : takingDetour(honest, detour, log);
  const parts = {
    ...honest,
    trainer: attack.trainer?.(poisoned, known) ?? poisoned,
    transport: attack.transport?.(transport, known) ?? transport,
  };
  return {
    parts,
    async close() {
      parts.transport.close();
      await parts.trainer.close();
      await detour?.close();
    },
  };
}

/** Who can look into nobody's trainer but the colluders' can carry out. @throws CONFIG_INVALID */
function feasible(attack: Attack): Exclude<Attack, { knows: "omniscient" | "knows-rule" }> {
  if (attack.knows !== "omniscient" && attack.knows !== "knows-rule") return attack;
  throw new FederationError("CONFIG_INVALID", "the attack reads honest deltas, which no client of a real one can");
}

function takingDetour({ profile, signer }: ParticipantParts, detour: Detour, log: Logger) {
  return detour.through(grpcTransport({ profile: { ...profile, address: detour.address }, signer, log }));
}
