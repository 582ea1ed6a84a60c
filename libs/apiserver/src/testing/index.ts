export { startTestApiServer, type TestApiServer, type TestApiServerOptions } from "./start-test-api-server.ts";
export { TestCluster, type TestClusterOptions } from "./test-cluster.ts";
