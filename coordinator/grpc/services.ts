import type { Server } from "@grpc/grpc-js";
import type { AdministrationHandlers } from "../../proto/generated/holdfast/v1/Administration.ts";
import type { EnrollmentHandlers } from "../../proto/generated/holdfast/v1/Enrollment.ts";
import type { ParticipationHandlers } from "../../proto/generated/holdfast/v1/Participation.ts";
import type { Wire } from "../../proto/load.ts";
import { approveChange } from "./approve-change.ts";
import { duplex, serverStream, unary } from "./calls.ts";
import { checkedService } from "./checked-service.ts";
import { connect } from "./connect.ts";
import { downloadBlob } from "./download-blob.ts";
import { downloadModel } from "./download-model.ts";
import { enroll } from "./enroll.ts";
import { getNonce } from "./get-nonce.ts";
import { getReceipt } from "./get-receipt.ts";
import { callerOf } from "./guard.ts";
import { inviteClient } from "./invite-client.ts";
import { listClients } from "./list-clients.ts";
import { listJobs } from "./list-jobs.ts";
import { listModels } from "./list-models.ts";
import { readLog } from "./read-log.ts";
import { releaseClient } from "./release-client.ts";
import { revokeClient } from "./revoke-client.ts";
import type { Serving } from "./serving.ts";
import { showJob } from "./show-job.ts";
import { showPrivacy } from "./show-privacy.ts";
import { startJob } from "./start-job.ts";
import { stopJob } from "./stop-job.ts";
import { submitChange } from "./submit-change.ts";
import { uploadUpdate } from "./upload-update.ts";
import { watchJob } from "./watch-job.ts";

/** Which function answers which RPC. */
export function addServices(server: Server, { v1 }: Wire, serving: Serving): void {
  const enrollment: Handlers<EnrollmentHandlers> = {
    Enroll: unary(serving.parts, (request) => enroll(request, serving.parts)),
  };
  server.addService(checkedService(v1.Enrollment.service), enrollment);
  server.addService(checkedService(v1.Participation.service), participation(serving));
  server.addService(checkedService(v1.Administration.service, serving.bodyDigests), administration(serving));
}

/** Generated handler types admit any further name; ours must be exactly the service's. */
type Handlers<Service> = { [Name in keyof Service as string extends Name ? never : Name]: Service[Name] };

function participation(serving: Serving): Handlers<ParticipationHandlers> {
  const { parts } = serving;
  type Call = Parameters<Handlers<ParticipationHandlers>[keyof Handlers<ParticipationHandlers>]>[0];
  const callerBehind = (call: Call) => callerOf(serving, call.metadata, call.getPeer());
  const sessionOf = (call: Call) => callerBehind(call).session;
  return {
    Connect: duplex(parts, (call) => connect(call, serving)),
    UploadUpdate: duplex(parts, (call) => uploadUpdate(call, serving)),
    DownloadBlob: serverStream(parts, (request, _signal, call) => downloadBlob(request, sessionOf(call), serving)),
    GetReceipt: unary(parts, (request, call) => getReceipt(request, sessionOf(call), parts)),
    ReadLog: serverStream(parts, (request, _signal, call) => readLog(request, callerBehind(call), serving)),
  };
}

function administration(serving: Serving): Handlers<AdministrationHandlers> {
  const { parts } = serving;
  const options = { log: parts.log, forAdmin: true };
  return {
    GetNonce: unary(parts, () => getNonce(serving)),
    StartJob: unary(options, (request) => startJob(request, parts)),
    WatchJob: serverStream({ ...options, until: serving.stopping }, (request, signal) =>
      watchJob(request, parts, signal),
    ),
    StopJob: unary(options, (request) => stopJob(request, parts)),
    ListJobs: unary(options, () => listJobs(parts)),
    ShowJob: unary(options, (request) => showJob(request, parts)),
    InviteClient: unary(options, (request) => inviteClient(request, serving)),
    RevokeClient: unary(options, (request) => revokeClient(request, parts)),
    ReleaseClient: unary(options, (request) => releaseClient(request, serving)),
    ListClients: unary(options, () => listClients(parts)),
    ShowPrivacy: unary(options, (request) => showPrivacy(request, parts)),
    SubmitChange: unary(options, (request) => submitChange(request, serving)),
    ApproveChange: unary(options, (request) => approveChange(request, serving)),
    ListModels: unary(options, (request) => listModels(request, parts)),
    DownloadModel: serverStream(options, (request) => downloadModel(request, parts)),
  };
}
