export { EventRecorder, type EventRecorderOptions } from "./event-recorder.ts";
export type { CanWriteEvents } from "./kubernetes-events.ts";
export type { Notice, Reporter } from "./notice.ts";
export type { EventSpool } from "./post-queue.ts";
