export { ManualClock } from "./manual-clock.ts";
export { SinkServer, type SinkAnswer, type SinkRequest } from "./sink-server.ts";
