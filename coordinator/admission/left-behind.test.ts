import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeHeader, updateMessage } from "../../core/crypto/envelope.ts";
import { isRefusal } from "../../core/errors.ts";
import { inFolder } from "../../core/files/faulty-files.contract.ts";
import { bytesOf } from "../../core/tensors/digest.ts";
import type { Upload } from "../parts.ts";
import { openFileBlobStore } from "../storage/file-blob-store.ts";
import { headerFor, sendDelta, type TestClient, type TestFederation, taskOf, testFederation } from "../testing.ts";

/** Updates too large for the journal's own transaction: they come by way of a spool. */
const INPUTS = 16_384;
const planOf = (graceMs: number) => `
job: left-behind
model: { builtin: softmax, inputs: ${INPUTS}, classes: 2 }
rounds: 2
round: { quorum: 1, graceMs: ${graceMs}, deadlineMs: 60000, minUpdates: 1 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
`;
const delta = new Float32Array(2 * INPUTS + 2).fill(0.5);

interface Site extends TestFederation {
  readonly slow: TestClient;
  readonly quick: TestClient;
  spools(): Promise<string[]>;
}

const onSite = (use: (site: Site) => Promise<void>, graceMs = 100) =>
  inFolder(async (folder) => {
    const federation = await testFederation(2, { blobs: await openFileBlobStore(folder) });
    await federation.coordinator.parts.jobs.start(planOf(graceMs), "/");
    const [slow, quick] = federation.clients;
    if (slow === undefined || quick === undefined) throw new Error("no clients");
    try {
      await use({ ...federation, slow, quick, spools: () => readdir(join(folder, "spools")) });
    } finally {
      await federation.coordinator.close();
    }
  });

/** The first half of the slow client's update in this round. */
async function half({ coordinator, slow }: Site, round: number): Promise<Upload> {
  const headerBytes = encodeHeader(headerFor(await taskOf(slow, round), delta));
  const begun = await coordinator.parts.admission.begin(
    slow.session,
    headerBytes,
    slow.key.sign(updateMessage(headerBytes)),
  );
  if (begun.outcome !== "proceed") throw new Error(begun.outcome);
  await begun.upload.write(0, bytesOf(delta.subarray(0, INPUTS)));
  return begun.upload;
}

const closeRound = async (site: Site, round: number) => {
  await sendDelta(site, site.quick, await taskOf(site.quick, round), delta);
  await expect.poll(() => site.coordinator.parts.jobs.list()[0]?.round).toBe(round);
};

test("what was left for a resume stays while its round is open, and goes when it closes", () =>
  onSite(async (site) => {
    await (await half(site, 1)).suspend();
    expect(await site.spools()).toHaveLength(1);
    await closeRound(site, 1);
    await expect.poll(() => site.spools()).toEqual([]);

    const upload = await half(site, 2);
    expect(upload.offset).toBe(4 * INPUTS);
    await upload.suspend();
    expect(await site.spools()).toHaveLength(1);
  }));

test("what is left after its round has closed goes at once, also when the job has ended", () =>
  onSite(async (site) => {
    for (const round of [1, 2]) {
      const upload = await half(site, round);
      await closeRound(site, round);
      expect(await site.spools()).toHaveLength(1);
      await upload.suspend();
      await expect.poll(() => site.spools()).toEqual([]);
    }
  }));

test("an update that ends after its round is refused, and is no answer to the round that is open", () =>
  onSite(async (site) => {
    const upload = await half(site, 1);
    await closeRound(site, 1);
    const next = await taskOf(site.slow, 2);
    await upload.write(4 * INPUTS, bytesOf(delta.subarray(INPUTS)));
    expect(await upload.finish()).toMatchObject({ refused: "ROUND_NOT_OPEN" });
    await sendDelta(site, site.quick, await taskOf(site.quick, 2), delta);
    expect(isRefusal(await sendDelta(site, site.slow, next, delta))).toBe(false);
  }, 1_000));
