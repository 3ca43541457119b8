import { type Participant, type Trainer, type Transport, tfjsTrainer } from "../../../client/index.ts";
import { type Dataset, type HeldDataset, subset } from "../../../core/data/dataset.ts";
import type { Attack, Insider } from "../../attacks/attack.ts";
import { type Submit, submittingBy } from "../../attacks/submitting.ts";
import type { Partition } from "../../partitions/partition.ts";
import type { Closing } from "../federation/closing.ts";
import type { Member } from "../federation/members.ts";
import type { Wire } from "../federation/wire.ts";
import type { Cell } from "../scenario/cell.ts";
import { withHabits } from "./habits.ts";
import type { Knowledge } from "./knowledge.ts";
import type { SharedNetwork } from "./shared-network.ts";
import type { Turns } from "./turns.ts";

/** What the clients of one thread share, so that a thousand of them cost what one does. */
export interface CrowdParts {
  readonly cell: Cell;
  readonly train: HeldDataset;
  readonly shares: Partition;
  readonly attack: Attack | undefined;
  readonly knowledge: Knowledge;
  readonly network: SharedNetwork;
  readonly turns: Turns;
  readonly wire: Pick<Wire, "address" | "transportOf">;
  /** Takes the detours of attackers. */
  readonly closing: Closing;
  participantOf(member: Member, trainer: Trainer, transport: Transport): Participant;
  /** A client that cannot train is the end of the experiment. */
  failed(error: unknown): void;
}

/** One deployed participant for each member; the attackers among them with the ports decorated that the attack is about. */
export function crowd(members: readonly Member[], parts: CrowdParts): Promise<Participant[]> {
  return Promise.all(members.map((member, place) => participantFor(member, place, parts)));
}

async function participantFor(member: Member, place: number, parts: CrowdParts): Promise<Participant> {
  const { attack, knowledge, wire, closing } = parts;
  const dataset = subset(parts.train, parts.shares[place] ?? new Uint32Array());
  const honest = await trainerOn(dataset, parts);
  if (!member.isAttacker || attack === undefined) {
    const watched = knowledge.watched(honest, member.profile.clientId);
    return parts.participantOf(member, watched, wire.transportOf(member));
  }
  const known = knowledge.insider(member);
  const attacking = await attackingTrainer(attack, known, dataset, parts);
  const trainer = whileAttacking(honest, attacking, parts.cell.attackRounds);
  const detour = await attack.detour?.(wire.address);
  closing.add(() => detour?.close());
  const way = wire.transportOf(member, detour?.address);
  const submitting = (honestWay: Transport) => attack.transport?.(honestWay, known) ?? honestWay;
  return parts.participantOf(member, trainer, wayWhileAttacking(way, submitting, parts.cell.attackRounds));
}

/** An attack that needs the less is handed the most that can be known, and its type keeps it from using that. */
async function attackingTrainer(attack: Attack, known: Insider, dataset: Dataset, parts: CrowdParts): Promise<Trainer> {
  const trainer = await trainerOn(attack.dataset?.(dataset, known) ?? dataset, parts);
  return attack.trainer?.(trainer, known) ?? trainer;
}

async function trainerOn(dataset: Dataset, { network, turns, cell, failed }: CrowdParts): Promise<Trainer> {
  const trainer = await tfjsTrainer({ dataset: network.training(dataset), open: network.open });
  const inTurn: Trainer = {
    ...trainer,
    train: (task) =>
      turns.take(async () => {
        try {
          return await trainer.train(task);
        } catch (error) {
          if (!task.signal.aborted) failed(error);
          throw error;
        }
      }),
  };
  return withHabits(inTurn, cell.habits);
}

/** Honest before the attack's first round and after its last. */
function whileAttacking(honest: Trainer, attacking: Trainer, rounds: Cell["attackRounds"]): Trainer {
  return { ...attacking, train: (task) => (isAmong(rounds, task) ? attacking : honest).train(task) };
}

/** The same of the way an update goes. */
function wayWhileAttacking(
  way: Transport,
  attacking: (honest: Transport) => Transport,
  rounds: Cell["attackRounds"],
): Transport {
  let honestSubmit: Submit | undefined;
  const noted = submittingBy(way, (submit) => {
    honestSubmit = submit;
    return submit;
  });
  return submittingBy(attacking(noted), (submit) => (update, until) => {
    return (isAmong(rounds, update.header) ? submit : (honestSubmit ?? submit))(update, until);
  });
}

function isAmong(rounds: Cell["attackRounds"], { round }: { readonly round: number }): boolean {
  return rounds === undefined || (round >= rounds.from && round <= (rounds.to ?? Number.POSITIVE_INFINITY));
}
