import type { CaseRequest, RequestStep } from "./case.ts";
import type { Sent } from "./client.ts";
import type { Bindings } from "./placeholders.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Makes the namespace that most cases live in, before their first step. */
export const CASE_NAMESPACE: RequestStep = {
  request: {
    method: "POST",
    path: "/api/v1/namespaces",
    contentType: "application/json",
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "${ns}" } },
  },
  compare: "status",
  response: { status: 201 },
};

/** What goes over the wire, bound values put in. @throws {Error} naming a placeholder that is not bound */
export function sentOf(request: CaseRequest, bindings: Bindings): Sent {
  const { method, path, query, contentType, accept, token } = request;
  const headers = {
    ...(contentType === undefined ? {} : { "content-type": contentType }),
    ...(accept === undefined ? {} : { accept }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const filled = bindings.fill(path);
  return { method, path: query === undefined ? filled : `${filled}?${bindings.fill(query)}`, headers, body: bodyOf(request, bindings) };
}

function bodyOf({ body, bodyText, bodyBase64, bodyFill }: CaseRequest, bindings: Bindings): Buffer | undefined {
  if (body !== undefined) return Buffer.from(JSON.stringify(bindings.fillJson(body)));
  if (bodyText !== undefined) return Buffer.from(bindings.fill(bodyText));
  if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, "base64");
  if (bodyFill === undefined) return undefined;
  const { before, fill, times, after } = bodyFill;
  return Buffer.from(bindings.fill(before) + fill.repeat(times) + bindings.fill(after));
}

/** Eight lower-case letters, a case's own. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => LETTERS[byte % LETTERS.length]).join("");
}
