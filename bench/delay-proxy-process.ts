import { delayProxy } from "./delay-proxy.ts";

/** The delay proxy in a process of its own, as a network is: `port round-trip-ms`; sends its port to its parent. */
const [port, roundTripMs] = process.argv.slice(2).map(Number);
if (port === undefined || roundTripMs === undefined) throw new Error("usage: delay-proxy-process PORT ROUND_TRIP_MS");
const proxy = await delayProxy(port, roundTripMs);
process.send?.(proxy.port);
process.once("disconnect", () => proxy.close());
