import { defineConfig } from "vitest/config";

/** The README's commands, run one after the other: slower than a test should be, so a command of its own. */
export default defineConfig({ test: { include: ["tests/docs/readme.commands.ts"], testTimeout: 150_000 } });
