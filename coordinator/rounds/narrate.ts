import type { ClientId } from "../../core/ids.ts";
import { epsilonOf } from "../privacy/ledger.ts";
import type { Event, EventOf, GaussianMechanism } from "./events.ts";

/** Tells a job's journal to a person, one line for each thing worth knowing. */
export function narrator(nameOf: (clientId: ClientId) => string): (event: Event) => string | undefined {
  let started: EventOf<"JobStarted"> | undefined;
  const charges: GaussianMechanism[] = [];
  const refusals: EventOf<"UpdateRefused">[] = [];

  return (event) => {
    switch (event.type) {
      case "JobStarted":
        started = event;
        return `job ${event.plan.job}: ${event.plan.rounds} rounds, ${event.population.length} clients, rule ${ruleOf(event)}`;
      case "ChargeReserved":
        charges.push(event.mechanism);
        return undefined;
      case "UpdateRefused":
        refusals.push(event);
        return undefined;
      case "ClientDeclined":
        return `round ${event.round}: ${nameOf(event.clientId)} declined: ${event.reason}`;
      case "Equivocation":
        return `round ${event.round}: ${nameOf(event.clientId)} signed two different updates; the first stands`;
      case "RoundClosed":
        return closedLine(event, refusals.splice(0), nameOf);
      case "RoundAbandoned":
        return `round ${event.round}: attempt ${event.attempt} abandoned (${event.code}): ${event.reason}`;
      case "VersionCommitted":
        return `round ${event.round}: version ${event.version} is ${event.modelSha256.slice(0, 16)}${epsilonPart(started, charges)}`;
      case "ModelEvaluated":
        return `version ${event.version}: accuracy ${event.accuracy.toFixed(4)}, loss ${event.loss.toFixed(4)}`;
      case "JobEnded":
        return `job ${event.outcome}: ${event.reason}`;
      default:
        return undefined;
    }
  };
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

/** Epsilon of this job's own charges; what the population spent in other jobs comes on top. */
function epsilonPart(started: EventOf<"JobStarted"> | undefined, charges: readonly GaussianMechanism[]): string {
  const privacy = started?.plan.privacy;
  if (privacy?.mode !== "central") return "";
  const epsilon = epsilonOf(charges, privacy.delta).toFixed(4);
  return `, epsilon ${epsilon} at delta ${privacy.delta} (client level, ${privacy.adjacency}, this job, RDP)`;
}
