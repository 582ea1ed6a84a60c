import { join } from "node:path";
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
      { ...shared, test: { ...limits, name: "contract", include: ["contract/**/*.spec.ts", "control-plane/src/**/*.spec.ts", "peers/src/**/*.spec.ts"] } },
      // The same journeys on the embedded API server.
      { ...shared, test: { ...limits, name: "embedded", include: ["journeys/**/*.spec.ts"], globalSetup: ["cluster/embedded-setup.ts"] } },
      // Component tests of what writes to a cluster, on the real API server.
      {
        ...shared,
        test: {
          ...limits,
          name: "real",
          dir: join(import.meta.dirname, "../libs"),
          include: ["apply/src/**/*.spec.ts"],
          globalSetup: ["cluster/bare-setup.ts"],
        },
      },
      // Suites that share one cluster; it starts only when one of them runs.
      {
        ...shared,
        test: {
          ...limits,
          name: "cluster",
          include: ["cluster/**/*.spec.ts", "journeys/**/*.spec.ts", "faults/**/*.spec.ts", "charts/**/*.spec.ts"],
          globalSetup: ["cluster/global-setup.ts"],
        },
      },
    ],
  },
});
