/** The coordinator's front door for simulations. */
export { readAdminProfile } from "./admin-profile.ts";
export { checkFeasible, pipelineOf } from "./aggregation/pipeline.ts";
export { type AdminClient, type AdminProfile, adminClient, type WatchedEvent } from "./grpc/admin-client.ts";
export type { Event, EventOf, JobEvent } from "./rounds/events.ts";
