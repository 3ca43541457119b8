/** The coordinator's front door for simulations. */
export { readAdminProfile } from "./admin-profile.ts";
export { checkFeasible, pipelineOf } from "./aggregation/pipeline.ts";
export { type AdminClient, adminClient } from "./grpc/admin-client.ts";
export type { JobEvent } from "./rounds/events.ts";
