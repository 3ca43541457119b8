import { readFile } from "node:fs/promises";
import pino from "pino";
import { participant } from "../client/index.ts";
import { parseJson } from "../core/bundle.ts";
import { attackerSettingsSchema, openAttackingParts } from "./attacking-parts.ts";

/**
 * The process of one attacker: a deployed participant with one decorated part, until it is stopped.
 * Usage: node attacker.js SETTINGS.json
 */
async function attack(settingsPath: string): Promise<void> {
  const settings = parseJson(await readFile(settingsPath, "utf8"), attackerSettingsSchema, settingsPath);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
  const parts = await openAttackingParts(settings, pino({ name: "attacker" }));
  try {
    await participant(parts).run(stop.signal);
  } finally {
    parts.transport.close();
    await parts.trainer.close();
  }
}

await attack(process.argv[2] ?? "settings.json");
