import { describeJournal, journalSettings } from "./journal.contract.ts";
import { memoryJournal } from "./memory-journal.ts";

describeJournal("memoryJournal", async () => ({ open: async () => memoryJournal(journalSettings) }), {
  durable: false,
});
