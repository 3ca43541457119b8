import { contractLines, samplingText } from "../../core/privacy/contract.ts";
import { toldEpsilon, toldLeft } from "../../core/privacy/told.ts";
import type { Change } from "../administration/change.ts";
import type { Ceiling } from "./ceilings.ts";
import type { PrivacyReport } from "./privacy-report.ts";

/** A privacy report for people, line by line. */
export function tellPrivacy(report: PrivacyReport): string[] {
  const { administrators, proposals } = report;
  return [
    ...jobLines(report),
    ...groupLines(report),
    ...ceilingLines(report),
    `administrators   ${administrators.map((it) => it.name).join(", ")}`,
    ...proposals.map(({ changeId, statement, proposedBy }) => {
      return `waiting          ${tellChange(statement.change)} (${statement.reason}), proposed by ${proposedBy}: ${changeId}`;
    }),
  ];
}

export function tellChange(change: Change): string {
  switch (change.change) {
    case "ceiling": {
      const of = change.clients === "everyone" ? "everyone" : change.clients.join(", ");
      return change.ceiling === null ? `no ceiling for ${of}` : `ceiling for ${of}: ${ceilingText(change.ceiling)}`;
    }
    case "add-administrator":
      return `administrator ${change.name} with the key ${change.publicKey}`;
    case "remove-administrator":
      return `no administrator with the key ${change.publicKey}`;
  }
}

function jobLines({ job }: PrivacyReport): string[] {
  if (job === null) return [];
  const heading = `job              ${job.jobId} ${job.name}, mode ${job.mode}`;
  if (job.contract === null) return [heading];
  return [heading, ...contractLines(job.contract), `maxEpsilon       ${job.maxEpsilon}`];
}

function groupLines({ groups }: PrivacyReport): string[] {
  return groups.flatMap((group) => [
    `clients          ${group.clients.join(", ")}`,
    ...spentLines(group),
    ...group.charges.map(({ job, jobId, times, unit, mechanism }) => {
      const sampling =
        "sampling" in mechanism ? samplingText(mechanism.sampling, unit) : `trees of ${mechanism.numLeaves} rounds`;
      const noise = `multiplier ${mechanism.noiseMultiplier}, ${mechanism.adjacency}, ${sampling}`;
      return `  charged        ${times} x ${mechanism.mechanism}, ${noise}, unit ${unit}, by ${job} (${jobId})`;
    }),
    ...group.ceilings.map(
      ({ spent, left, ...ceiling }) =>
        `  ceiling        ${told(spent)} of ${ceilingText(ceiling)}; left ${toldLeft(left)}`,
    ),
  ]);
}

function spentLines({ spent, left, afterNext }: PrivacyReport["groups"][number]): string[] {
  if (spent === null || left === null) return [];
  const next = afterNext === null ? "no round follows" : `after the next round ${told(afterNext)}`;
  return [`  epsilon        ${told(spent)} spent over all jobs, ${toldLeft(left)} left; ${next}`];
}

function ceilingLines({ ceilings }: PrivacyReport): string[] {
  if (ceilings.length === 0) return ["ceilings         none: only the maxEpsilon of each plan holds"];
  return ceilings.map((it) => `ceiling          for ${it.clients}: ${ceilingText(it)}`);
}

const ceilingText = ({ maxEpsilon, delta, adjacency }: Ceiling) =>
  `epsilon ${maxEpsilon} at delta ${delta}, ${adjacency}`;

const told = (epsilon: number | "infinite") => (typeof epsilon === "number" ? toldEpsilon(epsilon) : epsilon);
