import { defineConfig } from "vitest/config";

const conditions = ["@plumb/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["libs/*/src/**/*.spec.ts", "controllers/*/src/**/*.spec.ts", "scripts/**/*.spec.ts"],
    setupFiles: ["scripts/vitest-setup.ts"],
    pool: "threads",
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
