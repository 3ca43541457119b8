import type { Trainer, TrainingTask } from "../../../client/index.ts";
import type { ClientId } from "../../../core/ids.ts";
import type { Insider } from "../../attacks/attack.ts";
import { meanOf } from "../../attacks/moments.ts";
import type { Member } from "../federation/members.ts";
import type { JobView } from "../job/job-view.ts";
import { aggregationOf } from "../job/lab-plan.ts";
import type { Cell } from "../scenario/cell.ts";
import { meetings } from "./meetings.ts";
import { pipelineView } from "./pipeline-view.ts";

/** What may be known of a federation by those who attack it, all of it through explicit hands. */
export interface Knowledge {
  /** The honest client's delta comes to be known as soon as it is trained. */
  watched(trainer: Trainer, clientId: ClientId): Trainer;
  insider(member: Member): Insider;
}

/**
 * @param watch the job's view, asked for once the job has started
 */
export function knowledge(
  members: readonly Member[],
  cell: Cell,
  watch: () => Pick<JobView, "cohort" | "ruleState">,
): Knowledge {
  const attackers = members.filter((it) => it.isAttacker).map((it) => it.profile.clientId);
  const isAttacker = new Set(attackers);
  const cohort = () => watch().cohort();
  const attackersAsked = () => cohort().filter((id) => isAttacker.has(id));
  const honestAsked = () => cohort().filter((id) => !isAttacker.has(id));
  const honest = meetings(honestAsked);
  const colluders = meetings(attackersAsked);
  const view = pipelineView(aggregationOf(cell), cell.privacy);

  return {
    watched: (trainer, clientId) => ({
      description: trainer.description,
      close: () => trainer.close(),
      async train(task) {
        const update = await trainer.train(task);
        honest(task).bring(clientId, update.delta);
        return update;
      },
    }),
    insider: ({ profile: { clientId }, signer }) => ({
      place: attackers.indexOf(clientId),
      signer,
      numAttackers: () => attackersAsked().length,
      exchange(task, delta) {
        const meeting = colluders(task);
        meeting.bring(clientId, delta);
        return meeting.everyone();
      },
      honest: (task: TrainingTask) => honest(task).everyone(),
      async aggregate(task, deltas) {
        const senders = [...honestAsked().toSorted(), ...attackersAsked().toSorted()];
        const rows = deltas.map((delta, i) => ({ clientId: senders[i] ?? (String(i) as ClientId), delta }));
        const guess = Float32Array.from(meanOf(await honest(task).everyone()));
        return view(rows, await watch().ruleState(), guess);
      },
    }),
  };
}
