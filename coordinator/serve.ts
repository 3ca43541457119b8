import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { formatAddress, parseAddress } from "../core/address.ts";
import { systemClock } from "../core/clock.ts";
import { FederationError } from "../core/errors.ts";
import { secureRandom } from "../core/random/secure.ts";
import { writeAdminProfile } from "./admin-profile.ts";
import type { ServeOptions } from "./cli.ts";
import { type Home, homePaths, openHome } from "./config.ts";
import { type Coordinator, openCoordinator } from "./coordinator.ts";
import { type RunningServer, startServer } from "./grpc/server.ts";
import { openTls, type TlsMaterial } from "./tls.ts";

export interface Serving {
  /** host:port it listens on, with the real port. */
  readonly address: string;
  /** Takes no new calls, leaves open rounds for the next start, closes the journal. */
  stop(): Promise<void>;
}

/**
 * Opens the home, replays its journal, continues its jobs and listens. `fatal` is called when the disk or the journal
 * fails: the process must end, and a restart replays what was acknowledged.
 */
export async function serve(options: ServeOptions, log: Logger, fatal: (error: unknown) => void): Promise<Serving> {
  const home = await openHome(options.home, (text) => log.warn(text));
  const { threads, rowBudgetMib } = options;
  const coordinator = await openCoordinator({
    home,
    log,
    fatal,
    limits: { rowBudgetBytes: rowBudgetMib * MIB },
    ...(threads !== undefined && { numThreads: threads }),
  });
  try {
    const material = await tlsFor(home, options);
    // before anybody can connect, so that no client hears JOB_UNKNOWN of a job that goes on
    await coordinator.resume();
    const server = await startServer({
      parts: coordinator.parts,
      address: options.listen,
      tls: material,
      forcePlaintext: options.forcePlaintext,
      ...publicAddressOf(options, home),
    });
    const address = formatAddress({ host: parseAddress(options.listen).host, port: server.port });
    const { adminProfile, adminKey } = homePaths(home.folder);
    const caCertificatePem = material?.caCertificatePem ?? null;
    await writeAdminProfile(adminProfile, {
      address: dialable(address),
      federationId: home.federationId,
      caCertificatePem,
      keyFile: adminKey,
    });
    return { address, stop: () => stop(server, coordinator) };
  } catch (error) {
    await coordinator.close();
    throw error;
  }
}

const MIB = 1 << 20;

const LOOPBACK: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Where this machine reaches a server that listens there: every interface is an address to listen on, not to call. */
export function dialable(address: string): string {
  const { host, port } = parseAddress(address);
  return formatAddress({ host: LOOPBACK[host] ?? host, port });
}

/** What bundles say. Nobody can dial "every address", so then a name has to be known. */
function publicAddressOf({ listen, publicAddress }: ServeOptions, { hosts }: Home): { publicAddress?: string } {
  if (publicAddress !== undefined) return { publicAddress };
  const { port } = parseAddress(listen);
  if (dialable(listen) === listen) return {};
  const [name] = hosts;
  if (name === undefined || port === 0) {
    throw new FederationError(
      "CONFIG_INVALID",
      `listening on ${listen}: --public-address has to say what clients dial`,
    );
  }
  return { publicAddress: formatAddress({ host: name, port }) };
}

async function tlsFor(home: Home, { plaintext, forcePlaintext }: ServeOptions): Promise<TlsMaterial | undefined> {
  if (plaintext || forcePlaintext) return undefined;
  const { federationId, hosts } = home;
  return openTls(homePaths(home.folder).tls, { federationId, hosts, clock: systemClock, random: secureRandom });
}

const JOBS_STOP_WITHIN_MS = 10_000;

/** Jobs first, so that nothing is aggregated half; then the calls; then the journal. */
async function stop(server: RunningServer, coordinator: Coordinator): Promise<void> {
  await Promise.race([coordinator.halt(), sleep(JOBS_STOP_WITHIN_MS, undefined, { ref: false })]);
  await server.stop();
  await coordinator.close();
}
