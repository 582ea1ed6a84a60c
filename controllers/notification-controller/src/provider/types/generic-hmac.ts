import { createHmac } from "node:crypto";
import { ToolkitError } from "@plumb/std";
import { forwarded } from "./generic.ts";
import type { ProviderType } from "./provider-type.ts";
import { verdictOfStatus } from "./verdict.ts";

/** As `generic`, with a signature of the body under the Secret's token. */
export const genericHmac: ProviderType = {
  request(message, settings) {
    if (settings.token === "") throw new ToolkitError("invalid", "HMAC key is empty");
    const { url, headers, body } = forwarded(message, settings);
    const signature = createHmac("sha256", settings.token).update(body).digest("hex");
    return { url, headers: { ...headers, "x-signature": `sha256=${signature}` }, body };
  },
  verdict: verdictOfStatus,
};
