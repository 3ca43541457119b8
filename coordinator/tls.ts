import "reflect-metadata";
import { webcrypto, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import type { Clock } from "../core/clock.ts";
import type { FederationId } from "../core/ids.ts";
import type { Random } from "../core/random/random.ts";

/** What the server shows and what its clients pin. */
export interface TlsMaterial {
  readonly caCertificatePem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface TlsOptions {
  readonly federationId: FederationId;
  /** Names and IP addresses, beside this machine's own, under which clients reach the coordinator. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
}

const DAY_MS = 86_400_000;
const CA_LIFETIME_MS = 3_650 * DAY_MS;
const LEAF_LIFETIME_MS = 365 * DAY_MS;
const RENEW_WITHIN_MS = 30 * DAY_MS;
/** Certificates start in the past, for clients whose clocks are late. */
const BACKDATED_MS = DAY_MS;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/**
 * The coordinator's own certificates: a 10-year authority that clients pin at enrolment, and a 1-year leaf, for the
 * federation id (the name clients insist on), this machine and the given hosts. Made when missing; the leaf is renewed
 * when it is about to expire or the hosts have changed. Private keys are files of mode 0600.
 */
export async function openTls(folder: string, options: TlsOptions): Promise<TlsMaterial> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = (await load(folder, "ca")) ?? (await createAuthority(folder, options));
  const leaf = await load(folder, "server");
  const { certificate, privateKey } =
    leaf !== undefined && isCurrent(leaf, authority, options) ? leaf : await createLeaf(folder, authority, options);
  return { caCertificatePem: authority.certificate, certificatePem: certificate, privateKeyPem: privateKey };
}

/** PEM texts. */
interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

function isCurrent({ certificate }: Identity, authority: Identity, { clock, ...names }: TlsOptions): boolean {
  const leaf = new X509Certificate(certificate);
  const wanted = subjectNames(names);
  return (
    Date.parse(leaf.validTo) - clock.nowMs() > RENEW_WITHIN_MS &&
    leaf.verify(new X509Certificate(authority.certificate).publicKey) &&
    wanted.every(({ type, value }) => (type === "ip" ? leaf.checkIP(value) : leaf.checkHost(value)) !== undefined)
  );
}

async function createAuthority(folder: string, { federationId, clock, random }: TlsOptions): Promise<Identity> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...validity(clock, CA_LIFETIME_MS),
      serialNumber: serialNumber(random),
      name: `CN=Holdfast CA ${federationId}`,
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return save(folder, "ca", certificate, keys);
}

async function createLeaf(folder: string, authority: Identity, options: TlsOptions): Promise<Identity> {
  const { federationId, clock, random } = options;
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      ...validity(clock, LEAF_LIFETIME_MS),
      serialNumber: serialNumber(random),
      subject: `CN=${federationId}`,
      issuer: issuer.subject,
      publicKey: keys.publicKey,
      signingKey: await importKey(authority.privateKey),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(subjectNames(options)),
        await x509.AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return save(folder, "server", certificate, keys);
}

function subjectNames({ federationId, hosts }: Pick<TlsOptions, "federationId" | "hosts">) {
  const names = new Set([federationId, "localhost", "127.0.0.1", "::1", ...hosts]);
  return [...names].map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value }));
}

function validity(clock: Clock, lifetimeMs: number): { notBefore: Date; notAfter: Date } {
  const now = clock.nowMs();
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + lifetimeMs) };
}

/** 127 random bits: positive, as DER wants it. */
function serialNumber(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString("hex");
}

function newKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function importKey(pem: string) {
  const [der] = x509.PemConverter.decode(pem);
  return webcrypto.subtle.importKey("pkcs8", der as ArrayBuffer, ALGORITHM, false, ["sign"]);
}

async function load(folder: string, name: string): Promise<Identity | undefined> {
  try {
    const [certificate, privateKey] = await Promise.all([
      readFile(join(folder, `${name}.crt.pem`), "utf8"),
      readFile(join(folder, `${name}.key.pem`), "utf8"),
    ]);
    return { certificate, privateKey };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function save(
  folder: string,
  name: string,
  certificate: x509.X509Certificate,
  keys: Awaited<ReturnType<typeof newKeys>>,
): Promise<Identity> {
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const identity = {
    certificate: `${certificate.toString("pem")}\n`,
    privateKey: `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`,
  };
  await replaceFile(join(folder, `${name}.key.pem`), identity.privateKey);
  await replaceFile(join(folder, `${name}.crt.pem`), identity.certificate);
  return identity;
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text, { mode: 0o600, flush: true });
  await rename(`${path}.tmp`, path);
}
