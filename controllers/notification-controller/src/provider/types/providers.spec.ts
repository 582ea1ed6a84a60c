import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sampleEvent } from "../../testing/samples.ts";
import type { Message, ProviderSettings } from "./provider-type.ts";
import { isGeneric, providerType } from "./provider-types.ts";
import { generic } from "./generic.ts";
import { genericHmac } from "./generic-hmac.ts";
import { slack } from "./slack.ts";
import { verdictOfStatus } from "./verdict.ts";

const settings: ProviderSettings = {
  address: "https://hooks.example.com/services/T/B",
  channel: "",
  username: "",
  password: "",
  token: "",
  headers: {},
  timeoutMs: 15_000,
  tls: undefined,
  proxy: undefined,
};
const message = (change: Parameters<typeof sampleEvent>[0] = {}, authored: readonly string[] = []): Message => ({ event: sampleEvent(change), authored });

describe("generic", () => {
  it("posts the event as Flux writes it, field for field", () => {
    const { url, headers, body } = generic.request(message({ metadata: { revision: "r", env: "prod" } }), settings);
    expect(url.href).toBe(settings.address);
    expect(headers).toEqual({ "content-type": "application/json", "gotk-component": "kustomize-controller" });
    expect(body).toBe(
      '{"involvedObject":{"kind":"Kustomization","namespace":"team","name":"apps","uid":"u-apps","apiVersion":"kustomize.toolkit.fluxcd.io/v1","resourceVersion":"7"},' +
        '"severity":"info","timestamp":"2026-01-02T03:04:05Z","message":"Deployment/team/web configured","reason":"Progressing",' +
        '"metadata":{"env":"prod","revision":"r"},"reportingController":"kustomize-controller","reportingInstance":"pod-1"}',
    );
  });

  it("lets the Secret's headers override its own", () => {
    expect(generic.request(message(), { ...settings, headers: { "Gotk-Component": "mine", Authorization: "Basic x" } }).headers).toMatchObject({
      "gotk-component": "mine",
      authorization: "Basic x",
    });
  });

  it.each(["", "not a url", "ftp://a/b", "file:///etc/passwd"])("refuses the address %j without repeating it", (address) => {
    expect(() => generic.request(message(), { ...settings, address })).toThrow(
      /^address (cannot be empty|is not a URL|has the scheme "(ftp|file)", which is neither http nor https)$/,
    );
  });
});

describe("generic-hmac", () => {
  it("signs exactly the body it sends", () => {
    const { headers, body } = genericHmac.request(message(), { ...settings, token: "key", headers: { "X-Signature": "forged" } });
    expect(headers["x-signature"]).toBe(`sha256=${createHmac("sha256", "key").update(body).digest("hex")}`);
  });

  it("refuses to sign with nothing", () => {
    expect(() => genericHmac.request(message(), settings)).toThrow("HMAC key is empty");
  });
});

const payload = (given: Message, over: Partial<ProviderSettings> = {}): Record<string, unknown> =>
  JSON.parse(slack.request(given, { ...settings, ...over }).body) as Record<string, unknown>; // why: slack writes an object

describe("slack", () => {
  it("posts the attachment that Flux posts", () => {
    expect(payload(message({ message: "first\nsecond", metadata: { revision: "r" } }))).toEqual({
      channel: "",
      username: "kustomize-controller",
      icon_url: "",
      icon_emoji: "",
      attachments: [
        {
          fallback: "kustomization/apps.team: first",
          color: "good",
          author_name: "kustomization/apps.team",
          text: "first\nsecond",
          mrkdwn_in: ["text"],
          fields: [{ title: "revision", value: "r", short: false }],
        },
      ],
    });
  });

  it("shows an error in red, in the channel and under the name it was given, with its token as a bearer", () => {
    const given = { channel: "ops", username: "plumb", token: "xoxb-1" };
    expect(payload(message({ severity: "error" }), given)).toMatchObject({ channel: "ops", username: "plumb", attachments: [{ color: "danger" }] });
    expect(slack.request(message(), { ...settings, ...given }).headers).toMatchObject({ authorization: "Bearer xoxb-1" });
  });

  it("lets no message ring a channel or pass off a link, but the owner of the Alert may", () => {
    const hostile = "<!channel> <https://evil|sign in> a & b";
    const { attachments } = payload(message({ message: hostile, metadata: { note: hostile, runbook: "<https://wiki|runbook>" } }, ["runbook"])) as {
      attachments: unknown;
    };
    expect(attachments).toMatchObject([
      {
        text: "&lt;!channel&gt; &lt;https://evil|sign in&gt; a &amp; b",
        fallback: expect.not.stringContaining("<!channel>"),
        fields: [
          { title: "note", value: expect.not.stringContaining("<") },
          { title: "runbook", value: "<https://wiki|runbook>" },
        ],
      },
    ]);
  });

  describe("tells a drift", () => {
    const metadata = {
      "drift-id": "d1",
      "drift-object": "Deployment/team/web",
      "drift-managers": "kubectl-edit",
      "drift-detected-at": "2026-01-02T03:04:04Z",
      "drift-changes": JSON.stringify([
        { path: "/spec/replicas", desired: 3, live: 10 },
        { path: "/metadata/labels/a", live: "x" },
        { path: "/data/key", desired: "changed", live: "changed" },
        4,
      ]),
      revision: "main@sha1:1",
    };
    const fields = (reason: string): unknown => (payload(message({ reason, metadata })) as { attachments: [{ fields: unknown }] }).attachments[0].fields; // why: as above

    it("by object, fields from old to new, manager and time", () => {
      expect(fields("DriftCorrected")).toEqual(
        [
          { title: "Object", value: "Deployment/team/web", short: false },
          { title: "Changed", value: "/spec/replicas: 3 → 10\n/metadata/labels/a: (none) → x\n/data/key: changed → changed\nand 4 more", short: false },
          { title: "Changed by", value: "kubectl-edit", short: false },
          { title: "Seen", value: "2026-01-02T03:04:04Z", short: false },
          { title: "State", value: "drifted and was corrected", short: false },
          { title: "revision", value: "main@sha1:1", short: false },
        ].map((field) => ({ ...field, value: field.value.replaceAll(">", "&gt;") })),
      );
    });

    it("and says when it is over", () => {
      expect(fields("DriftDetected")).toContainEqual({ title: "State", value: "drifted, not yet corrected", short: false });
      expect(fields("DriftResolved")).toContainEqual({ title: "State", value: "is as declared again since 2026-01-02T03:04:05Z", short: false });
    });

    it("of a deleted object without fields, for it has none", () => {
      const deleted = payload(
        message({
          reason: "DriftCorrected",
          metadata: { "drift-id": "d", "drift-object": "ConfigMap/team/a", "drift-changes": "[]", "drift-managers": "unknown" },
        }),
      );
      expect(deleted).toMatchObject({ attachments: [{ fields: [{ title: "Object" }, { title: "State" }] }] });
    });

    it("as it came where the changes are not what was agreed", () => {
      const odd = (text: string): unknown => payload(message({ metadata: { "drift-id": "d", "drift-changes": text } }));
      expect(odd("not json")).toMatchObject({ attachments: [{ fields: [{ title: "Changed", value: "not json" }] }] });
      expect(odd('[{"a":1},null]')).toMatchObject({ attachments: [{ fields: [{ title: "Changed", value: '{"a":1}\nnull' }] }] });
    });
  });

  it.each([
    [200, '{"ok":true}', "accepted"],
    [200, '{"ok":false,"error":"ratelimited"}', "later"],
    [200, '{"ok":false,"error":"channel_not_found"}', "misconfigured"],
    [200, "<html>", "later"],
    [200, "null", "later"],
    [503, '{"ok":true}', "later"],
  ])("reads the Web API's answer %d %s as %s", (status, body, kind) => {
    const request = slack.request(message(), { ...settings, address: "https://slack.com/api/chat.postMessage" });
    expect(slack.verdict(status, body, request).kind).toBe(kind);
  });

  it("takes a web-hook's status for its word", () => {
    expect(slack.verdict(200, "ok", slack.request(message(), settings))).toEqual({ kind: "accepted" });
  });
});

describe("a status", () => {
  it.each([
    [200, "accepted"],
    [204, "accepted"],
    [299, "accepted"],
    [301, "misconfigured"],
    [400, "refused"],
    [410, "refused"],
    [413, "refused"],
    [422, "refused"],
    [401, "misconfigured"],
    [403, "misconfigured"],
    [404, "misconfigured"],
    [408, "later"],
    [425, "later"],
    [429, "later"],
    [500, "later"],
    [503, "later"],
    [599, "later"],
  ])("%d means %s", (status, kind) => expect(verdictOfStatus(status, "").kind).toBe(kind));

  it("is told with no more of the answer than a line", () => {
    expect(verdictOfStatus(500, `a\u001b[31m\n${"b".repeat(1000)}`)).toEqual({
      kind: "later",
      message: `request failed with status code 500: a [31m ${"b".repeat(249)}`,
    });
  });
});

it("knows which types are built", () => {
  expect([providerType("slack"), providerType("discord"), providerType("constructor")]).toEqual([slack, undefined, undefined]);
  expect(["generic", "generic-hmac", "slack"].map(isGeneric)).toEqual([true, true, false]);
});
