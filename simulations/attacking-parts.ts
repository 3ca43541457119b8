import type { Logger } from "pino";
import { z } from "zod";
import { OPEN_POLICY, openParts, type ParticipantParts, type Trainer, tfjsTrainer } from "../client/index.ts";
import { readIdxDataset } from "../core/data/idx.ts";
import type { Attack } from "./attacks/attack.ts";
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
  coalition: z.strictObject({ url: z.url(), token: z.string(), member: z.string() }),
});

export type AttackerSettings = z.output<typeof attackerSettingsSchema>;

/** The parts of a deployed client, with the one port decorated that the attack is about. */
export async function openAttackingParts(settings: AttackerSettings, log: Logger): Promise<ParticipantParts> {
  const { home, images, labels } = settings;
  const attack = attackOf(settings.attack, { ...settings, folder: home });
  const honestData = await readIdxDataset(images, labels);
  const dataset = attack.decorates === "dataset" ? attack.decorate(honestData, undefined) : honestData;
  const honest = await tfjsTrainer({ dataset });
  const trainer = attack.decorates === "trainer" ? attackingTrainer(attack, honest, settings) : honest;
  const parts = await openParts({ home, policy: OPEN_POLICY, trainer, forcePlaintext: false }, log);
  if (attack.decorates !== "transport") return parts;
  return { ...parts, transport: attack.decorate(parts.transport, undefined) };
}

type TrainerAttack = Extract<Attack, { decorates: "trainer" }>;

function attackingTrainer(attack: TrainerAttack, honest: Trainer, { coalition }: AttackerSettings): Trainer {
  return attack.knows === "colluders"
    ? attack.decorate(honest, coalitionAt(coalition))
    : attack.decorate(honest, undefined);
}
