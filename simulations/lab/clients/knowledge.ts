import type { Trainer, TrainingTask } from "../../../client/index.ts";
import type { ClientId } from "../../../core/ids.ts";
import type { Insider } from "../../attacks/attack.ts";
import { meanOf } from "../../attacks/moments.ts";
import type { Partition } from "../../partitions/partition.ts";
import type { Member } from "../federation/members.ts";
import type { JobView } from "../job/job-view.ts";
import { aggregationOf } from "../job/lab-plan.ts";
import type { Cell } from "../scenario/cell.ts";
import { meetings } from "./meetings.ts";
import { type Aggregation, pipelineView } from "./pipeline-view.ts";

/** What may be known of a federation by those who attack it, all of it through explicit hands. */
export interface Knowledge {
  /** The honest client's delta comes to be known as soon as it is trained. */
  watched(trainer: Trainer, clientId: ClientId): Trainer;
  insider(member: Member): Insider;
}

/**
 * @param shares the examples of each member
 * @param watch the job's view, asked for once the job has started
 */
export function knowledge(
  members: readonly Member[],
  shares: Partition,
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
  const weights = weightsOf(members, shares, aggregationOf(cell));

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
      places: () =>
        attackersAsked()
          .toSorted()
          .map((it) => attackers.indexOf(it)),
      exchange(task, delta) {
        const meeting = colluders(task);
        meeting.bring(clientId, delta);
        return meeting.everyone();
      },
      honest: (task: TrainingTask) => honest(task).everyone(),
      honestNames: () => honestAsked().toSorted(),
      async aggregate(task, deltas) {
        const senders = [...honestAsked().toSorted(), ...attackersAsked().toSorted()];
        const rows = deltas.map((delta, i) => {
          const clientId = senders[i] ?? (String(i) as ClientId);
          return { clientId, delta, weight: weights.get(clientId) ?? 1 };
        });
        const guess = Float32Array.from(meanOf(await honest(task).everyone()));
        return view(rows, await watch().ruleState(), guess);
      },
    }),
  };
}

/** What admission makes of the examples that clients claim, who all tell the truth: whoever crafts a delta keeps its own. */
function weightsOf(members: readonly Member[], shares: Partition, { weights, maxExamples }: Aggregation) {
  return new Map(
    members.map(({ profile: { clientId } }, place) => {
      const numExamples = shares[place]?.length ?? 0;
      return [clientId, weights === "uniform" ? 1 : Math.min(numExamples, maxExamples)];
    }),
  );
}
