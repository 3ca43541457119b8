/** The coordinator's front door for simulations. */
export { readAdminProfile } from "./admin-profile.ts";
export type { RowSource } from "./aggregation/engine/engine.ts";
export { inlineEngine } from "./aggregation/engine/inline-engine.ts";
export { aggregate, checkFeasible, distancePathOf, pipelineOf } from "./aggregation/pipeline.ts";
export type { Home } from "./config.ts";
export { type Coordinator, openCoordinator } from "./coordinator.ts";
export { type AdminClient, adminClient } from "./grpc/admin-client.ts";
export { startServer } from "./grpc/server.ts";
export type { ClientSession, Parts, Push } from "./parts.ts";
export { expectedCohort, largestCohort } from "./privacy/sampling-claim.ts";
export type { JobEvent } from "./rounds/events.ts";
export type { StoredEvent } from "./storage/journal.ts";
export { memoryBlobStore } from "./storage/memory-blob-store.ts";
export { memoryJournal } from "./storage/memory-journal.ts";
