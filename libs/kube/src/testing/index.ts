export { ScriptedServer, sendJson, statusBody, type Script, type SeenRequest } from "./scripted-server.ts";
