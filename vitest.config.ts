import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{core,client,coordinator,proto,simulations,tests}/**/*.test.ts", "*.test.ts"],
    exclude: ["**/node_modules/**", "dist/**"],
    // by default one core is left idle, which on two is half of the machine
    maxWorkers: "100%",
    setupFiles: ["tests/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
