export { startTestApiServer, type TestApiServer, type TestApiServerOptions } from "./start-test-api-server.ts";
