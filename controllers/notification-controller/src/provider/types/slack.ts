import { isObject, parseJson, stringifyJson } from "@plumb/std";
import { addressUrl } from "./address-url.ts";
import { driftFields, isDrift, otherMetadata } from "./drift-fields.ts";
import type { Message, ProviderType, Verdict } from "./provider-type.ts";
import { verdictOfStatus } from "./verdict.ts";

/** Answers 200 whatever happens; what happened is in the body. */
const CHAT_API = "https://slack.com/api/chat.postMessage";
/** Errors of the Web API that pass; the others are matters of configuration. */
const PASSING: ReadonlySet<string> = new Set(["ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"]);

/** Posts to an incoming web-hook, or with a token to the Web API. */
export const slack: ProviderType = {
  request(message, { address, channel, username, token }) {
    return {
      url: addressUrl(address),
      headers: { "content-type": "application/json", ...(token !== "" && { authorization: `Bearer ${token}` }) },
      body: stringifyJson({
        channel,
        username: username === "" ? message.event.reportingController : username,
        icon_url: "",
        icon_emoji: "",
        attachments: [attachment(message)],
      }),
    };
  },
  verdict(status, body, { url }) {
    const byStatus = verdictOfStatus(status, body);
    return byStatus.kind === "accepted" && url.href === CHAT_API ? verdictOfApi(body) : byStatus;
  },
};

function attachment({ event, authored }: Message): object {
  const {
    involvedObject: { kind, name, namespace },
    severity,
    message,
  } = event;
  const author = `${kind.toLowerCase()}/${name}.${namespace}`;
  const [firstLine = ""] = message.split("\n");
  const drift = isDrift(event) ? driftFields(event).map(({ title, value }) => ({ title, value: escaped(value), short: false })) : [];
  const others = otherMetadata(event).map(([title, value]) => ({ title, value: authored.includes(title) ? value : escaped(value), short: false }));
  return {
    fallback: `${author}: ${escaped(firstLine)}`,
    color: severity === "error" ? "danger" : "good",
    author_name: author,
    text: escaped(message),
    mrkdwn_in: ["text"],
    fields: [...drift, ...others],
  };
}

/** As Slack asks for, so that no error text can ring a whole channel by `<!channel>` or pass off a link. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function verdictOfApi(body: string): Verdict {
  const answer = parsed(body);
  if (answer?.["ok"] === true) return { kind: "accepted" };
  const error = typeof answer?.["error"] === "string" ? answer["error"] : undefined;
  if (error === undefined) return { kind: "later", message: "Slack's answer cannot be read" };
  return { kind: PASSING.has(error) ? "later" : "misconfigured", message: `Slack responded with error: ${error}` };
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
