import pino from "pino";
import { canonicalJson } from "../core/crypto/canonical-json.ts";
import { toHex } from "../core/ids.ts";
import type { ClientActions } from "./cli.ts";
import { enrollHome } from "./enroll.ts";
import { makeKey } from "./keys.ts";
import { clientPrivacy } from "./privacy/privacy-command.ts";
import { tellStatement } from "./privacy/tell-privacy.ts";
import { runClient } from "./run.ts";

const STDERR = 2;

/** What the client's commands do. Results go to `say`, the log to standard error. */
export function clientActions(say: (line: string) => void): ClientActions {
  const logger = (level: string) => pino({ level, name: "client" }, pino.destination(STDERR));
  return {
    async keygen({ home }) {
      const { publicKey } = await makeKey(home);
      say(`made the key of this client in ${home}; its public half is ${toHex(publicKey)}`);
    },

    async enroll(options) {
      const { clientName, address } = await enrollHome(options, logger("warn"));
      say(`enrolled as ${clientName} with the coordinator at ${address}`);
    },

    async privacy({ json, ...options }) {
      const statement = await clientPrivacy(options, logger("warn"));
      for (const line of json ? [canonicalJson(statement)] : tellStatement(statement)) say(line);
    },

    async run({ logLevel, ...options }) {
      const stop = new AbortController();
      const end = () => stop.abort();
      // A second Ctrl-C finds no listener and ends the process at once.
      process.once("SIGINT", end).once("SIGTERM", end);
      await runClient(options, { log: logger(logLevel), say, signal: stop.signal });
      say("stopped");
    },
  };
}
