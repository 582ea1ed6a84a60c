export { createApiServer, type ApiServer, type ApiServerOptions } from "./api-server.ts";
export type { ApiRequest, ApiResponse, StreamSink } from "./http/message.ts";
export { type Fault, type Knobs } from "./knobs.ts";
export type { Listening } from "./server.ts";
