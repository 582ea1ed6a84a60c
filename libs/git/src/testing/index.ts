export { hasGit, startHttpBackend, type HttpBackendOptions } from "./http-backend.ts";
export { createTestRepository, TestRepository, type RawTreeEntry, type TestCommit, type TestFile } from "./test-repository.ts";
export { serveTestRepository, type ServedRepository } from "./scenario.ts";
