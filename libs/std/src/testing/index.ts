export { failureOf } from "./failure-of.ts";
export { processorMs } from "./processor-ms.ts";
