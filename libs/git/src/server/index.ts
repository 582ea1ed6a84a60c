export { startGitServer, type GitServer, type GitServerOptions } from "./git-server.ts";
export { watchRefs, type RefChange, type WatchRefsOptions } from "./watch-refs.ts";
