import { createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { canonicalJson } from "../core/crypto/canonical-json.ts";
import type { FederationError } from "../core/errors.ts";
import { asDigest, type ClientId, type JobId } from "../core/ids.ts";
import { planFileSchema } from "../core/plan.ts";
import { readAdminProfile } from "./admin-profile.ts";
import type { AdminOptions, CoordinatorActions } from "./cli.ts";
import type { AggregateActions } from "./cli-aggregate.ts";
import type { PrivacyActions } from "./cli-privacy.ts";
import { followJob } from "./follow-job.ts";
import { type AdminClient, type AdminProfile, adminClient, type ListedClient } from "./grpc/admin-client.ts";
import { jobNamed } from "./job-named.ts";
import { privacyActions } from "./operate-privacy.ts";
import { narrator } from "./rounds/narrate.ts";
import { readPlanFile } from "./rounds/plan-file.ts";
import { tellJob } from "./rounds/tell-job.ts";

const HOUR_MS = 3_600_000;

type OperatorActions = Omit<CoordinatorActions, "init" | "serve" | keyof AggregateActions | keyof PrivacyActions>;

/** Signs in as the profile's administrator for one piece of work. */
type Administer = (
  options: AdminOptions,
  work: (admin: AdminClient, profile: AdminProfile) => Promise<void>,
) => Promise<void>;
type Print = (line: string) => void;

/** What `holdfast jobs|clients|models|plan` do: one signed call each, told in lines. */
export function operatorActions(print: Print, warn: Print): OperatorActions {
  const administer: Administer = async (options, work) => {
    const profile = await readAdminProfile(options.profile, warn);
    const admin = adminClient(profile);
    try {
      await work(admin, profile);
    } finally {
      admin.close();
    }
  };
  return {
    ...jobActions(administer, print, warn),
    ...clientActions(administer, print),
    ...modelActions(administer, print),
    ...privacyActions(administer, print, warn),
    planSchema: async () => print(JSON.stringify(z.toJSONSchema(planFileSchema, { io: "input" }), null, 2)),
  };
}

function jobActions(administer: Administer, print: Print, warn: Print) {
  async function watch(admin: AdminClient, jobId: JobId, json: boolean): Promise<void> {
    const names = new Map((await admin.listClients()).map((client) => [client.clientId, client.name]));
    const narrate = narrator(jobId, (clientId: ClientId) => names.get(clientId) ?? clientId);
    const away = ({ code }: FederationError) => warn(`the coordinator is away (${code}); waiting for it`);
    for await (const { index, event } of followJob(admin, jobId, { away })) {
      const line = json ? canonicalJson({ index, event }) : narrate(event);
      if (line !== undefined) print(line);
      if (event.type === "JobEnded" && event.outcome !== "completed") process.exitCode = 1;
    }
  }

  return {
    startJob: (options) =>
      administer(options, async (admin) => {
        const { jobId, planSha256 } = await admin.startJob(
          await readPlanFile(options.plan),
          resolve(dirname(options.plan)),
        );
        print(`job ${jobId} started, plan ${planSha256}`);
        if (options.watch) await watch(admin, jobId, false);
      }),
    watchJob: (options) =>
      administer(options, async (admin) => watch(admin, await jobNamed(admin, options.job), options.json)),
    stopJob: (options) =>
      administer(options, async (admin) => admin.stopJob(await jobNamed(admin, options.job), options.reason)),
    listJobs: (options) =>
      administer(options, async (admin) => {
        for (const job of await admin.listJobs()) {
          print([job.jobId, job.name, job.phase, `${job.round}/${job.rounds}`, job.reason].join("\t"));
        }
      }),
    showJob: (options) =>
      administer(options, async (admin) => {
        const report = await admin.showJob(await jobNamed(admin, options.job), options.round);
        for (const line of options.json ? [canonicalJson(report)] : tellJob(report)) print(line);
      }),
  } satisfies Partial<OperatorActions>;
}

function clientActions(administer: Administer, print: Print) {
  return {
    invite: (options) =>
      administer(options, async (admin) => {
        // the file first: a token that cannot be written down must not be made
        const out = await open(options.out, "wx", 0o600);
        const bundle = await admin.inviteClient(options.name, options.hours * HOUR_MS).catch(async (error: unknown) => {
          await rm(options.out);
          throw error;
        });
        await out.writeFile(`${JSON.stringify(bundle, null, 2)}\n`);
        await out.close();
        print(
          `${options.out}: enrolment bundle for ${options.name}, good until ${new Date(bundle.expiresAtMs).toISOString()}`,
        );
      }),
    listClients: (options) =>
      administer(options, async (admin) => {
        for (const client of await admin.listClients()) {
          print([client.clientId, client.name, standing(client), client.connected ? "connected" : "away"].join("\t"));
        }
      }),
    revoke: (options) =>
      administer(options, async (admin) => {
        await admin.revokeClient(options.name, options.reason);
        print(`${options.name} is revoked`);
      }),
    release: (options) =>
      administer(options, async (admin) => {
        await admin.releaseClient(options.name, options.reason);
        print(`${options.name} is released`);
      }),
  } satisfies Partial<OperatorActions>;
}

function standing({ revoked, quarantined }: ListedClient): string {
  if (revoked) return "revoked";
  return quarantined ? "in quarantine" : "enrolled";
}

function modelActions(administer: Administer, print: Print) {
  return {
    listModels: (options) =>
      administer(options, async (admin) => {
        const jobId = options.job === undefined ? undefined : await jobNamed(admin, options.job);
        for (const model of await admin.listModels(jobId)) {
          const accuracy = model.accuracy === undefined ? "" : `accuracy ${model.accuracy.toFixed(4)}`;
          print([model.jobId, `version ${model.version}`, model.modelSha256, accuracy].join("\t"));
        }
      }),
    downloadModel: (options) =>
      administer(options, async (admin) => {
        await pipeline(
          Readable.from(admin.downloadModel(asDigest(options.model))),
          createWriteStream(options.out, { flags: "wx" }),
        );
        print(`${options.out}: model ${options.model}`);
      }),
  } satisfies Partial<OperatorActions>;
}
