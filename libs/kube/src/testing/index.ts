export { kubeClientContract, type ContractServer } from "./kube-client-contract.ts";
export { kubeError } from "../kube-error.ts";
export { ScriptedServer, sendJson, statusBody, type Script, type SeenRequest } from "./scripted-server.ts";
export { widget, widgetDefinition } from "./widget.ts";
