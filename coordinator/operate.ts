import { createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { canonicalJson } from "../core/crypto/canonical-json.ts";
import { asDigest, asJobId, type ClientId, type JobId } from "../core/ids.ts";
import { planFileSchema } from "../core/plan.ts";
import { readAdminProfile } from "./admin-profile.ts";
import type { AdminOptions, CoordinatorActions } from "./cli.ts";
import { type AdminClient, adminClient } from "./grpc/admin-client.ts";
import { narrator } from "./rounds/narrate.ts";
import { readPlanFile } from "./rounds/plan-file.ts";

const HOUR_MS = 3_600_000;

type OperatorActions = Omit<CoordinatorActions, "init" | "serve">;

/** What `holdfast jobs|clients|models|plan` do: one signed call each, told in lines. */
export function operatorActions(print: (line: string) => void, warn: (line: string) => void): OperatorActions {
  async function administer(options: AdminOptions, work: (admin: AdminClient) => Promise<void>): Promise<void> {
    const admin = adminClient(await readAdminProfile(options.profile, warn));
    try {
      await work(admin);
    } finally {
      admin.close();
    }
  }

  async function watch(admin: AdminClient, jobId: JobId, json: boolean): Promise<void> {
    const names = new Map((await admin.listClients()).map((client) => [client.clientId, client.name]));
    const narrate = narrator((clientId: ClientId) => names.get(clientId) ?? clientId);
    for await (const { index, event } of admin.watchJob(jobId)) {
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
    watchJob: (options) => administer(options, (admin) => watch(admin, asJobId(options.job), options.json)),
    stopJob: (options) => administer(options, (admin) => admin.stopJob(asJobId(options.job), options.reason)),
    listJobs: (options) =>
      administer(options, async (admin) => {
        for (const job of await admin.listJobs()) {
          print([job.jobId, job.name, job.phase, `${job.round}/${job.rounds}`, job.reason].join("\t"));
        }
      }),
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
          const standing = client.revoked ? "revoked" : "enrolled";
          print([client.clientId, client.name, standing, client.connected ? "connected" : "away"].join("\t"));
        }
      }),
    revoke: (options) =>
      administer(options, async (admin) => {
        await admin.revokeClient(options.name, options.reason);
        print(`${options.name} is revoked`);
      }),
    listModels: (options) =>
      administer(options, async (admin) => {
        for (const model of await admin.listModels(options.job === undefined ? undefined : asJobId(options.job))) {
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
    planSchema: async () => print(JSON.stringify(z.toJSONSchema(planFileSchema, { io: "input" }), null, 2)),
  };
}
