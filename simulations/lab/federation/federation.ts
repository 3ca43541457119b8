import { setImmediate as nextTurn } from "node:timers/promises";
import type { Coordinator } from "../../../coordinator/index.ts";
import { systemClock } from "../../../core/clock.ts";
import type { UpdateHeader } from "../../../core/update.ts";
import { attackOf } from "../../attacks/registry.ts";
import type { LabData } from "../../data/lab-data.ts";
import type { Partition } from "../../partitions/partition.ts";
import { crowd } from "../clients/crowd.ts";
import { knowledge } from "../clients/knowledge.ts";
import { labParticipant } from "../clients/participants.ts";
import { sharedDigest } from "../clients/shared-digest.ts";
import type { JobView } from "../job/job-view.ts";
import type { Cell } from "../scenario/cell.ts";
import { attackSettingOf } from "../scenario/setting.ts";
import type { Training } from "../training/training.ts";
import type { Closing } from "./closing.ts";
import { labCoordinator } from "./coordinator.ts";
import { labClock } from "./lab-clock.ts";
import { enrollMembers, type Member } from "./members.ts";
import { openWire, type TransportName } from "./wire.ts";

/** A coordinator with all its clients connected, waiting for a job. */
export interface Federation {
  readonly coordinator: Coordinator;
  readonly members: readonly Member[];
}

export interface FederationParts {
  readonly data: LabData;
  readonly shares: Partition;
  readonly training: Training;
  readonly transport: TransportName;
  /** The job, once it has started. */
  readonly watch: () => JobView;
  readonly scratchFolder: string;
  /** Aborted with the reason when something fails that should not; ends the clients. */
  readonly stop: AbortController;
  /** Takes all that is opened here. */
  readonly closing: Closing;
}

export async function openFederation(cell: Cell, parts: FederationParts): Promise<Federation> {
  const { data, shares, training, watch, transport, scratchFolder, stop, closing } = parts;
  const { clients: numClients, attackers: numAttackers } = cell;
  const seed = `holdfast lab ${cell.seed}`;
  const failed = (error: unknown) => stop.abort(error);
  const clock = labClock(watch);
  const coordinator = await labCoordinator({ seed, numClients, clock, scratchFolder, fatal: failed });
  closing.add(() => coordinator.close());
  const wire = await openWire(transport, coordinator.parts);
  closing.add(() => wire.close());
  const { address } = wire;
  const members = await enrollMembers(coordinator.parts, { numClients, numAttackers, seed, address });
  const shared = {
    // who is cut off from a network waits before it comes back, and for less after a while of peace
    clock: transport === "memory" ? clock : systemClock,
    answered: (header: UpdateHeader) => clock.done(header.clientId, header),
    digestOf: sharedDigest(),
  };
  const participants = await crowd(members, {
    cell,
    attack: cell.attack === null ? undefined : attackOf(cell.attack, attackSettingOf(cell, data.train.numClasses)),
    knowledge: knowledge(members, shares, cell, watch),
    training,
    wire,
    closing,
    participantOf: (member, trainer, way) => labParticipant(member, trainer, way, shared),
    failed,
  });
  for (const participant of participants) participant.run(stop.signal).catch(failed);
  await everyoneConnected(coordinator, members, stop.signal);
  return { coordinator, members };
}

async function everyoneConnected({ parts }: Coordinator, members: readonly Member[], stop: AbortSignal): Promise<void> {
  while (!members.every(({ profile }) => parts.sessions.isConnected(profile.clientId))) {
    stop.throwIfAborted();
    await nextTurn();
  }
}
