export { createLog, type CreateLogOptions } from "./log.ts";
export { LOG_ENCODINGS, LOG_FLAGS, LOG_LEVELS, readLogFlags, type LogEncoding, type LogLevel, type LogOptions } from "./log-options.ts";
export { createMeter, EXPOSITION_TYPE, exponentialBuckets, type ExposedMeter } from "./meter.ts";
export { measureProcess } from "./process-metrics.ts";
export { redactText } from "./redact-text.ts";
