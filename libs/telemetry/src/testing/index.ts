export { keptLog, type KeptLog } from "./kept-log.ts";
