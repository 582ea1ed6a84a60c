export { createLog, type CreateLogOptions } from "./log.ts";
export { createMeter, EXPOSITION_TYPE, exponentialBuckets, type ExposedMeter } from "./meter.ts";
export { measureProcess } from "./process-metrics.ts";
