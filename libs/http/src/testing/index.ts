export { startFaultProxy, type Fault, type FaultProxy } from "./fault-proxy.ts";
export { startTestServer, type TestServer } from "./test-server.ts";
