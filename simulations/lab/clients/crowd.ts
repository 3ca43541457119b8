import type { Participant, Trainer, Transport } from "../../../client/index.ts";
import type { Attack, Insider } from "../../attacks/attack.ts";
import { type Submit, submittingBy } from "../../attacks/submitting.ts";
import type { Closing } from "../federation/closing.ts";
import type { Member } from "../federation/members.ts";
import type { Wire } from "../federation/wire.ts";
import { type Cell, isAttackRound } from "../scenario/cell.ts";
import type { Training } from "../training/training.ts";
import { withHabits } from "./habits.ts";
import type { Knowledge } from "./knowledge.ts";

/** What the clients of a federation share, so that a thousand of them cost what one does. */
export interface CrowdParts {
  readonly cell: Cell;
  readonly attack: Attack | undefined;
  readonly knowledge: Knowledge;
  readonly training: Training;
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
  const honest = observed(await parts.training.trainerOf(place, "own"), parts);
  if (!member.isAttacker || attack === undefined) {
    const watched = knowledge.watched(honest, member.profile.clientId);
    return parts.participantOf(member, watched, wire.transportOf(member));
  }
  const known = knowledge.insider(member);
  const poisoned = observed(await parts.training.trainerOf(place, "poisoned"), parts);
  const attacking = attackingTrainer(attack, known, poisoned);
  const trainer = whileAttacking(honest, attacking, parts.cell);
  const detour = await attack.detour?.(wire.address);
  closing.add(() => detour?.close());
  const way = wire.transportOf(member, detour?.address);
  const submitting = (honestWay: Transport) => {
    const taken = detour?.through(honestWay) ?? honestWay;
    return attack.transport?.(taken, known) ?? taken;
  };
  return parts.participantOf(member, trainer, wayWhileAttacking(way, submitting, parts.cell));
}

/** An attack that needs the less is handed the most that can be known, and its type keeps it from using that. */
function attackingTrainer(attack: Attack, known: Insider, poisoned: Trainer): Trainer {
  return attack.trainer?.(poisoned, known) ?? poisoned;
}

function observed(trainer: Trainer, { cell, failed }: CrowdParts): Trainer {
  const telling: Trainer = {
    ...trainer,
    async train(task) {
      try {
        return await trainer.train(task);
      } catch (error) {
        if (!task.signal.aborted) failed(error);
        throw error;
      }
    },
  };
  return withHabits(telling, cell.habits);
}

/** Honest before the attack's first round and after its last. */
function whileAttacking(honest: Trainer, attacking: Trainer, cell: Cell): Trainer {
  return { ...attacking, train: (task) => (isAttackRound(cell, task.round) ? attacking : honest).train(task) };
}

/** The same of the way an update goes. */
function wayWhileAttacking(way: Transport, attacking: (honest: Transport) => Transport, cell: Cell): Transport {
  let honestSubmit: Submit | undefined;
  const noted = submittingBy(way, (submit) => {
    honestSubmit = submit;
    return submit;
  });
  return submittingBy(attacking(noted), (submit) => (update, until) => {
    return (isAttackRound(cell, update.header.round) ? submit : (honestSubmit ?? submit))(update, until);
  });
}
