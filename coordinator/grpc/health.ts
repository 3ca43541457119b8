import type { Server, ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

export interface Health {
  /** Says so to whoever asks, and ends the watching. */
  stopServing(): void;
}

type WatchCall = ServerWritableStream<{ readonly service: string }, { status: string }>;

/** grpc.health.v1 for the given services; "" is the server as a whole. */
export function healthService(server: Server, services: readonly string[]): Health {
  const health = new HealthImplementation(Object.fromEntries(services.map((name) => [name, "SERVING"])));
  const known = new Set(services);
  const watching = new Set<WatchCall>();
  health.addToServer({
    addService: (definition, implementation) => {
      server.addService(definition, { ...implementation, watch: watchKnown(implementation, known, watching) });
    },
  });
  return {
    stopServing: () => {
      for (const service of services) health.setStatus(service, "NOT_SERVING");
      for (const call of watching) call.end();
    },
  };
}

/** The package remembers every name that was ever watched: a stranger could fill the memory with names of his own. */
function watchKnown(
  implementation: UntypedServiceImplementation,
  known: ReadonlySet<string>,
  watching: Set<WatchCall>,
) {
  return (call: WatchCall) => {
    if (known.has(call.request.service)) {
      watching.add(call);
      call.once("close", () => watching.delete(call));
      (implementation["watch"] as (call: unknown) => void)(call);
    } else {
      call.write({ status: "SERVICE_UNKNOWN" });
      call.end();
    }
  };
}
