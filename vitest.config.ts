import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{core,client,coordinator,proto,simulations,tests}/**/*.test.ts", "*.test.ts"],
    exclude: ["**/node_modules/**", "dist/**"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
