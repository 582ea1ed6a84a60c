export { controllerProcessContract, runToEnd } from "./controller-process-contract.ts";
