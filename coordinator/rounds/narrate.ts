import type { ClientId } from "../../core/ids.ts";
import { ChargeBook } from "../privacy/budget.ts";
import { epsilonOf } from "../privacy/ledger.ts";
import type { Event, EventOf } from "./events.ts";

/** Tells a job's journal to a person, one line for each thing worth knowing. */
export function narrator(nameOf: (clientId: ClientId) => string): (event: Event) => string | undefined {
  let started: EventOf<"JobStarted"> | undefined;
  const charges = new ChargeBook();
  const refusals: EventOf<"UpdateRefused">[] = [];

  return (event) => {
    switch (event.type) {
      case "JobStarted":
        started = event;
        return [startedLine(event), ...contract(event)].join("\n");
      case "ChargeReserved":
        charges.add(event.mechanism);
        return undefined;
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
        return `round ${event.round}: version ${event.version} is ${event.modelSha256}${epsilonPart(started, charges)}`;
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
function contract({ plan }: EventOf<"JobStarted">): string[] {
  const { privacy } = plan;
  if (privacy.mode !== "central") return [];
  const { adjacency, clipNorm, noiseMultiplier, delta, maxEpsilon } = privacy;
  return [
    `privacy: one client, ${adjacency}, Gaussian, clip norm ${clipNorm}, noise multiplier ${noiseMultiplier}, every client every round`,
    `privacy: delta ${delta}, at most epsilon ${maxEpsilon} over all private jobs of the federation, accountant RDP`,
    "privacy: not covered are the coordinator, which sees updates, jobs without privacy, metrics, cohorts, refusals and timing",
  ];
}

/** Over all charges the population has paid, in this job and others. */
function epsilonPart(started: EventOf<"JobStarted"> | undefined, charges: ChargeBook): string {
  const privacy = started?.plan.privacy;
  if (privacy?.mode !== "central") return "";
  return `, epsilon ${epsilonOf(charges.under(privacy.adjacency), privacy.delta).toFixed(4)} at delta ${privacy.delta}`;
}
