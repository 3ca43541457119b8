import { isIP } from "node:net";
import { FederationError } from "./errors.ts";

/** `host:port`, as people and configuration write it; an IPv6 host is in brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** @throws CONFIG_INVALID unless the text is host:port with a port from 0 to 65535 */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) throw new FederationError("CONFIG_INVALID", `not host:port: ${text}`);
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether what is sent to this address never leaves the machine: where plaintext needs no forcing. */
export function isLoopback(address: string): boolean {
  const { host } = parseAddress(address);
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
