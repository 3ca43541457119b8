import type { ClientId, JobId } from "../../core/ids.ts";
import { noiseText } from "../../core/privacy/contract.ts";
import { planContract } from "../../core/privacy/plan-contract.ts";
import { isPrivate, planClaim } from "../../core/privacy/private-plan.ts";
import { toldEpsilon } from "../../core/privacy/told.ts";
import { attemptCharge } from "../privacy/attempt-charge.ts";
import { ChargeBook } from "../privacy/charge-book.ts";
import { highestEpsilon, remembered } from "../privacy/epsilons.ts";
import { samplingClaim } from "../privacy/sampling-claim.ts";
import type { Event, EventOf } from "./events.ts";

/**
 * Tells a job's journal to a person, one line for each thing worth knowing. Of other jobs it wants to see who was in them
 * and what they were charged: the budget is the people's.
 */
export function narrator(jobId: JobId, nameOf: (clientId: ClientId) => string): (event: Event) => string | undefined {
  let epsilon = noEpsilon;
  const charges = new ChargeBook();
  const refusals: EventOf<"UpdateRefused">[] = [];

  return (event) => {
    charges.note(event);
    if (!("jobId" in event) || event.jobId !== jobId) return undefined;
    switch (event.type) {
      case "JobStarted":
        epsilon = epsilonPart(event, charges);
        return [startedLine(event), ...contract(event)].join("\n");
      case "UpdateAdmitted":
        return cappedLine(event, nameOf);
      case "UpdateRefused":
        refusals.push(event);
        return undefined;
      case "ClientDeclined":
        return `round ${event.round}: ${nameOf(event.clientId)} declined: ${event.reason}`;
      case "Equivocation":
        return `round ${event.round}: ${nameOf(event.clientId)} signed two different updates; the first stands`;
      case "RoundClosed":
        return closedLine(event, refusals.splice(0), nameOf);
      case "RoundDiagnosed":
        return diagnosedLines(event, nameOf);
      case "ClientQuarantined":
        return quarantinedLine(event, nameOf);
      case "RoundAbandoned":
        refusals.length = 0;
        return `round ${event.round}: attempt ${event.attempt} abandoned (${event.code}): ${event.reason}`;
      case "VersionCommitted":
        return `round ${event.round}: version ${event.version} is ${event.modelSha256}${epsilon()}`;
      case "ModelEvaluated":
        return `version ${event.version}: accuracy ${event.accuracy.toFixed(4)}, loss ${event.loss.toFixed(4)}`;
      case "JobEnded":
        return `job ${event.outcome}: ${event.reason}`;
      default:
        return undefined;
    }
  };
}

function cappedLine(event: EventOf<"UpdateAdmitted">, nameOf: (id: ClientId) => string): string | undefined {
  const { cappedFrom, round, clientId, weight } = event;
  if (cappedFrom === undefined) return undefined;
  return `round ${round}: ${nameOf(clientId)} claimed ${cappedFrom} examples, above the cap; it weighs ${weight}`;
}

function diagnosedLines(
  { round, standings, remarks }: EventOf<"RoundDiagnosed">,
  nameOf: (id: ClientId) => string,
): string | undefined {
  const suspects = standings.flatMap(({ clientId, findings, reputation }) => {
    if (findings.length === 0) return [];
    return `round ${round}: ${nameOf(clientId)} stands out by ${findings.join(", ")}; reputation ${reputation.toFixed(2)}`;
  });
  const lines = [...remarks.map((remark) => `round ${round}: ${remark}`), ...suspects];
  return lines.length === 0 ? undefined : lines.join("\n");
}

function quarantinedLine(event: EventOf<"ClientQuarantined">, nameOf: (id: ClientId) => string): string {
  const { round, clientId, suspectRounds } = event;
  const until = "until `holdfast clients release`";
  return `round ${round}: ${nameOf(clientId)} is in quarantine ${until}, after ${suspectRounds} rounds against it`;
}

function ruleOf({ plan }: EventOf<"JobStarted">): string {
  return [...plan.aggregation.preAggregators, plan.aggregation.rule].map((it) => it.name).join(" -> ");
}

function closedLine(
  event: EventOf<"RoundClosed">,
  refused: EventOf<"UpdateRefused">[],
  nameOf: (id: ClientId) => string,
) {
  const why = new Map(refused.map((it) => [it.clientId, it.code]));
  const absent = event.absent.map((id) => `${nameOf(id)} (${why.get(id) ?? "no update"})`);
  const missing = absent.length === 0 ? "nobody missing" : `missing ${absent.join(", ")}`;
  return `round ${event.round}: ${event.rows.length} updates, ${missing}`;
}

function startedLine(event: EventOf<"JobStarted">): string {
  return `job ${event.plan.job}: ${event.plan.rounds} rounds, ${event.population.length} clients, rule ${ruleOf(event)}`;
}

/** What the epsilon of the following lines says, and what it does not (docs/privacy.md). */
function contract({ plan, population }: EventOf<"JobStarted">): string[] {
  const planned = attemptCharge(plan, population.length);
  if (!isPrivate(plan) || planned === undefined) return [];
  const { delta, accountant = "best" } = planClaim(plan.privacy);
  const says = planContract(plan, planned.mechanism, plan.rounds, { delta, accountant });
  const { unit, sampling, seesUnnoised, notCovered } = says;
  // trees need no sampling, and no noise of a client's own is amplified by it
  const isSampled = plan.privacy.mode === "central" && plan.privacy.tree === undefined;
  const forfeited = isSampled ? samplingClaim(plan, population.length).forfeited : undefined;
  return [
    `privacy: one ${unit}, ${says.adjacency}`,
    `privacy: ${noiseText(says)}; level ${says.level}; ${sampling}`,
    ...(forfeited === undefined ? [] : [`privacy: ${forfeited}`]),
    `privacy: delta ${delta}, at most epsilon ${plan.privacy.maxEpsilon} over all private jobs of a client, accountant ${says.accountant}`,
    `privacy: un-noised values are seen by ${seesUnnoised}; not covered are ${notCovered}`,
  ];
}

/** Over all that the job's clients were charged, in this job and others: that of the client with the most. */
function epsilonPart({ jobId, plan }: EventOf<"JobStarted">, book: ChargeBook): () => string {
  if (!isPrivate(plan)) return noEpsilon;
  const claim = planClaim(plan.privacy);
  const epsilonOf = remembered(claim);
  return () => `, epsilon ${toldEpsilon(highestEpsilon(book.accounts(jobId), epsilonOf))} at delta ${claim.delta}`;
}

const noEpsilon = () => "";
