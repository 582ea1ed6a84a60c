import type { Jobs } from "@plumb/runtime";
import { PACK_JOB, packGitRepository, type PackJob } from "./git-repository/pack-job.ts";

/** What runs in worker threads, by name. */
export const SOURCE_JOBS: Jobs = {
  // why: the pool is given nothing else under this name
  [PACK_JOB]: (input) => packGitRepository(input as PackJob),
};
