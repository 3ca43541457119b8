import pino from "pino";
import type { Trainer } from "../client/index.ts";
import { OPEN_POLICY, openParts, participant } from "../client/index.ts";

/** Some clients in one process, deployed but for their training: each answers with a constant update. */
const trainer: Trainer = {
  description: "a constant update",
  train: async ({ baseModel }) => ({
    delta: new Float32Array(baseModel.length).fill(1e-3),
    numExamples: 1,
    metrics: {},
  }),
  close: async () => undefined,
};

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const log = pino({ level: "silent" });

const running = process.argv.slice(2).map(async (home) => {
  const parts = await openParts({ home, policy: OPEN_POLICY, trainer, forcePlaintext: false }, log);
  await participant(parts).run(stop.signal);
  parts.transport.close();
});
await Promise.all(running);
process.disconnect();
