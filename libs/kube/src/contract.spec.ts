import { startTestApiServer } from "@plumb/apiserver/testing";
import { kubeClientContract } from "./testing/index.ts";

kubeClientContract("the embedded API server", async () => {
  const { url, token, close } = await startTestApiServer();
  return { access: { server: new URL(url), credential: { kind: "token", token } }, close };
});
