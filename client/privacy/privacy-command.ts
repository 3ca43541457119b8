import type { Logger } from "pino";
import { systemClock } from "../../core/clock.ts";
import { clientHome, readProfile } from "../config.ts";
import { coordinatorVerifier } from "../coordinator-verifier.ts";
import { grpcTransport } from "../grpc/grpc-transport.ts";
import { openHeads } from "../heads.ts";
import { lockFolder } from "../home-lock.ts";
import { readKey } from "../keys.ts";
import { auditPrivacy } from "./audit-privacy.ts";
import { openLedger } from "./privacy-ledger.ts";
import { type PrivacyStatement, privacyStatement } from "./tell-privacy.ts";
import { readToldTasks } from "./told-tasks.ts";

interface PrivacyOptions {
  /** Enrolled, and with no client running in it: the coordinator keeps one session of a client. */
  readonly home: string;
  readonly forcePlaintext: boolean;
}

const CONNECT_WITHIN_MS = 30_000;

/**
 * What this client's privacy has cost, by the coordinator's log and not by its word.
 * @throws FOLDER_LOCKED, FILE_MISSING, CONFIG_INVALID, KEY_FILE_UNSAFE, COORDINATOR_UNREACHABLE and the coordinator's
 * refusals; what auditPrivacy and readToldTasks throw
 */
export async function clientPrivacy({ home, forcePlaintext }: PrivacyOptions, log: Logger): Promise<PrivacyStatement> {
  const profile = await readProfile(home);
  const paths = clientHome(home);
  const release = await lockFolder(paths.lock);
  try {
    const signer = await readKey(home, (text) => log.warn(text));
    const heads = await openHeads({ path: paths.head, profile, clock: systemClock });
    const told = await readToldTasks(paths.tasks, coordinatorVerifier(profile));
    const ledger = await openLedger(paths.ledger);
    const transport = grpcTransport({ profile, signer, log, forcePlaintext });
    try {
      const session = await transport.connect(AbortSignal.timeout(CONNECT_WITHIN_MS));
      const { signal } = new AbortController();
      const audited = await auditPrivacy(session, { profile, heads, told }, signal).finally(() => session.close());
      return privacyStatement(audited, profile, ledger.account);
    } finally {
      transport.close();
      await heads.save();
    }
  } finally {
    await release();
  }
}
