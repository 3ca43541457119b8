/**
 * Loaded first in every process that the demo starts: when the channel to the demo closes, because the demo was
 * killed before it could stop anything, the process stops itself.
 */
if (process.channel !== undefined) {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}
