export { EventRecorder, type EventRecorderOptions } from "./event-recorder.ts";
export type { CanWriteEvents } from "./kubernetes-events.ts";
export type { Reporter } from "./reporter.ts";
export type { EventSpool } from "./post-queue.ts";
