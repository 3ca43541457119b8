import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A file that breaks a rule, and the rule it breaks. */
const PLANTED: [rule: string, path: string, imported: string][] = [
  ["no-cycles", "core/zz-planted-cycle.ts", "./zz-planted-cycle.ts"],
  ["core-and-proto-import-nothing-of-ours", "core/zz-planted.ts", "../client/policy.ts"],
  ["client-imports-core-and-proto-only", "client/zz-planted.ts", "../coordinator/index.ts"],
  ["coordinator-imports-core-and-proto-only", "coordinator/zz-planted.ts", "../client/policy.ts"],
  ["simulations-use-the-front-doors", "simulations/zz-planted.ts", "../client/policy.ts"],
  ["attacks-are-reachable-from-simulations-only", "core/zz-planted-attack.ts", "../simulations/attacks/replay.ts"],
  ["storage-and-audit-are-at-the-bottom", "coordinator/storage/zz-planted.ts", "../admission/admit.ts"],
  ["inner-rooms-do-not-import-rounds", "coordinator/admission/zz-planted.ts", "../rounds/jobs.ts"],
  ["rules-are-pure", "coordinator/aggregation/rules/zz-planted.ts", "node:crypto"],
  ["rules-are-pure", "core/privacy/accountants/zz-planted.ts", "zod"],
  ["tensorflow-only-in-core-model", "core/zz-planted-tensorflow.ts", "@tensorflow/tfjs-core"],
  ["tweetnacl-only-in-core-crypto", "client/zz-planted-tweetnacl.ts", "tweetnacl"],
  ["commander-only-in-cli", "coordinator/zz-planted-commander.ts", "commander"],
  ["grpc-only-in-grpc-rooms", "coordinator/rounds/zz-planted.ts", "@grpc/grpc-js"],
  ["nothing-unresolved", "core/zz-planted-nowhere.ts", "./nowhere.ts"],
];

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string; readonly severity: string };
}

let violations: readonly Violation[];

beforeAll(async () => {
  try {
    for (const [, path, imported] of PLANTED) await writeFile(join(ROOT, path), `import "${imported}";\n`);
    violations = await violationsIn(PLANTED.map(([, path]) => path));
  } finally {
    for (const [, path] of PLANTED) await rm(join(ROOT, path), { force: true });
  }
});

/** What dependency-cruiser reports; with violations it exits with their number. */
function violationsIn(paths: readonly string[]): Promise<readonly Violation[]> {
  const cruiser = join(ROOT, "node_modules", "dependency-cruiser", "bin", "dependency-cruise.mjs");
  const options = ["--config", ".dependency-cruiser.json", "--output-type", "json"];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [cruiser, ...options, ...paths],
      { cwd: ROOT, maxBuffer: 1 << 28 },
      (error, stdout, stderr) => {
        try {
          resolve(JSON.parse(stdout).summary.violations);
        } catch {
          reject(error ?? new Error(stderr));
        }
      },
    );
  });
}

test.each(PLANTED)("%s: %s may not import %s", (rule, path) => {
  expect(violations).toContainEqual(
    expect.objectContaining({ from: path, rule: expect.objectContaining({ name: rule, severity: "error" }) }),
  );
});
