export { checkOut, type Checkout } from "./checkout.ts";
export type { GitCredentials } from "./credentials.ts";
export { DEFAULT_GIT_LIMITS, type GitLimits } from "./limits.ts";
export { subjectLine, type Commit, type Signature } from "./object.ts";
export type { GitRef } from "./ref.ts";
export type { Discovery } from "./ref-listing.ts";
export { EmptyRepositoryError, resolveRevision, type GitRequest, type Resolved } from "./resolve.ts";
export type { TreeDirectory, TreeEntry, TreeFile } from "./tree-walk.ts";
