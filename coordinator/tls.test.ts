import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { asFederationId } from "../core/ids.ts";
import { secureRandom } from "../core/random/secure.ts";
import { openTls } from "./tls.ts";

const DAY_MS = 86_400_000;
const federationId = asFederationId("f0".repeat(16));

describe("the coordinator's certificates", () => {
  const clock = { ms: Date.now(), nowMs: () => clock.ms, monotonicMs: () => 0 };
  let folder = "";
  const open = (hosts: readonly string[] = []) => openTls(folder, { federationId, hosts, clock, random: secureRandom });
  const parse = (pem: string) => new X509Certificate(pem);

  beforeEach(async () => {
    clock.ms = Date.now();
    folder = await mkdtemp(join(tmpdir(), "holdfast-tls-"));
    return () => rm(folder, { recursive: true });
  });

  test("a 10-year authority and a 1-year leaf on P-256, for the federation, this machine and the given hosts", async () => {
    const { caCertificatePem, certificatePem } = await open(["fed.example.org", "192.0.2.7"]);
    const [ca, leaf] = [parse(caCertificatePem), parse(certificatePem)];
    expect([ca.ca, leaf.ca]).toEqual([true, false]);
    expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey) && ca.verify(ca.publicKey)).toBe(true);
    for (const host of [federationId, "localhost", "fed.example.org"]) expect(leaf.checkHost(host)).toBe(host);
    for (const ip of ["127.0.0.1", "::1", "192.0.2.7"]) expect(leaf.checkIP(ip)).toBeDefined();
    expect(leaf.checkHost("other.example.org")).toBeUndefined();
    expect(leaf.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    const days = (certificate: X509Certificate) => Math.round((Date.parse(certificate.validTo) - clock.ms) / DAY_MS);
    expect([days(ca), days(leaf)]).toEqual([3_650, 365]);
  });

  test("every file is for the owner's eyes only", async () => {
    await open();
    const names = await readdir(folder);
    expect(names.sort()).toEqual(["ca.crt.pem", "ca.key.pem", "server.crt.pem", "server.key.pem"]);
    if (process.platform === "win32") return;
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  test("opened again it is the same; the leaf alone is renewed close to its end or for a new host", async () => {
    const first = await open();
    expect(await open()).toEqual(first);
    clock.ms += 334 * DAY_MS;
    expect(await open()).toEqual(first);
    clock.ms += 2 * DAY_MS;
    const renewed = await open();
    expect(renewed.caCertificatePem).toBe(first.caCertificatePem);
    expect(renewed.certificatePem).not.toBe(first.certificatePem);
    expect(parse(renewed.certificatePem).verify(parse(first.caCertificatePem).publicKey)).toBe(true);
    const moved = await open(["fed.example.org"]);
    expect(parse(moved.certificatePem).checkHost("fed.example.org")).toBe("fed.example.org");
  });

  test("a leaf of another authority is replaced", async () => {
    const first = await open();
    const other = await mkdtemp(join(tmpdir(), "holdfast-tls-"));
    onTestFinished(() => rm(other, { recursive: true }));
    const foreign = await openTls(other, { federationId, hosts: [], clock, random: secureRandom });
    await writeFile(join(folder, "server.crt.pem"), foreign.certificatePem);
    const { certificatePem } = await open();
    expect(parse(certificatePem).verify(parse(first.caCertificatePem).publicKey)).toBe(true);
  });
});
