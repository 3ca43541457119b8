import type { Server, ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

export interface Health {
  stopServing(): void;
}

interface WatchRequest {
  readonly service: string;
}

/** grpc.health.v1 for the given services; "" is the server as a whole. */
export function healthService(server: Server, services: readonly string[]): Health {
  const health = new HealthImplementation(Object.fromEntries(services.map((name) => [name, "SERVING"])));
  const known = new Set(services);
  health.addToServer({
    addService: (definition, implementation) => {
      server.addService(definition, { ...implementation, watch: watchKnown(implementation, known) });
    },
  });
  return {
    stopServing: () => {
      for (const service of services) health.setStatus(service, "NOT_SERVING");
    },
  };
}

/** The package remembers every name that was ever watched: a stranger could fill the memory with names of his own. */
function watchKnown(implementation: UntypedServiceImplementation, known: ReadonlySet<string>) {
  return (call: ServerWritableStream<WatchRequest, { status: string }>) => {
    if (known.has(call.request.service)) {
      (implementation["watch"] as (call: unknown) => void)(call);
    } else {
      call.write({ status: "SERVICE_UNKNOWN" });
      call.end();
    }
  };
}
