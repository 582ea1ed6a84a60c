import { defineConfig } from "vitest/config";

const conditions = ["@plumb/source"];

const shared = {
  root: import.meta.dirname,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};

const limits = {
  pool: "threads",
  fileParallelism: false,
  maxConcurrency: 8,
  testTimeout: 120_000,
  hookTimeout: 120_000,
} as const;

export default defineConfig({
  ...shared,
  test: {
    ...limits,
    projects: [
      // Suites that start what they need themselves.
      { ...shared, test: { ...limits, name: "contract", include: ["contract/**/*.spec.ts", "control-plane/src/**/*.spec.ts"] } },
      // Suites that share one cluster; it starts only when one of them runs.
      { ...shared, test: { ...limits, name: "cluster", include: ["cluster/**/*.spec.ts", "journeys/**/*.spec.ts", "faults/**/*.spec.ts", "charts/**/*.spec.ts"], globalSetup: ["cluster/global-setup.ts"] } },
    ],
  },
});
