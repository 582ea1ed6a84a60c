import type { JsonObject } from "@plumb/std";
import type { ApiRequest, ApiResponse } from "../http/message.ts";
import { negotiate, parseAccept } from "../http/negotiate.ts";
import { isPretty } from "../http/resource-handler.ts";
import { answer, answerText } from "../http/respond.ts";
import type { Registry } from "../kinds/registry.ts";
import { noSuchResource, notAcceptable, notAllowed } from "../refusal.ts";
import { aggregatedCore, aggregatedGroups, AGGREGATED_TYPE } from "./aggregated.ts";
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from "./group-lists.ts";
import { openApiV2 } from "./openapi-v2.ts";
import { openApiDocument, openApiIndex } from "./openapi-v3.ts";
import { VERSION } from "./version.ts";

/** Paths of the root that are no group. */
const ROOT_PATHS = [
  "/.well-known/openid-configuration",
  "/api",
  "/api/v1",
  "/apis",
  "/apis/",
  "/healthz",
  "/healthz/ping",
  "/livez",
  "/livez/ping",
  "/metrics",
  "/openapi/v2",
  "/openapi/v3",
  "/openapi/v3/",
  "/readyz",
  "/readyz/ping",
  "/version",
];

const PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
const READABLE: ReadonlySet<string> = new Set(["application/json", "application/yaml", "*/*"]);
const ACCEPTED = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";
const REPRESENTATIONS = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf";

/** Answers all paths that name no kind. */
export class Discovery {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** @throws {Refusal} 404, 405 or 406 */
  answer(request: ApiRequest): ApiResponse {
    const parts = request.path.split("/").filter((part) => part !== "");
    const [root = "", second = "", third = "", fourth] = parts;
    if (root === "") return this.#object(request, { paths: this.#rootPaths() });
    if (root === "version" && second === "") return this.#readOnly(request, VERSION);
    if (root === "openapi") return this.#openApi(request, parts.slice(1));
    if (root === "api" && third === "") return this.#core(request, second);
    if (root === "apis" && fourth === undefined) return this.#groups(request, second, third);
    return answerText(404, "404 page not found\n");
  }

  #core(request: ApiRequest, version: string): ApiResponse {
    if (version === "") return this.#either(request, apiVersions(this.#registry, request.headers.get("host") ?? ""), () => aggregatedCore(this.#registry));
    if (version !== "v1") throw noSuchResource();
    return this.#readOnly(request, apiResourceList(this.#registry, "", version));
  }

  #groups(request: ApiRequest, group: string, version: string): ApiResponse {
    if (group === "") return this.#either(request, apiGroupList(this.#registry), () => aggregatedGroups(this.#registry));
    const versions = this.#registry.versionsOf(group);
    if (versions.length === 0) return answerText(404, "404 page not found\n");
    if (version === "") return this.#object(request, apiGroup({ name: group, versions }));
    if (!versions.includes(version)) {
      if (this.#registry.customs().some((resource) => resource.group === group)) return answerText(404, "404 page not found\n");
      throw noSuchResource();
    }
    return this.#readOnly(request, apiResourceList(this.#registry, group, version));
  }

  /** The aggregated form where the client asks for the version that is served. @throws {Refusal} 406 */
  #either(request: ApiRequest, plain: JsonObject, aggregated: () => JsonObject): ApiResponse {
    const ranges = parseAccept(request.headers.get("accept") ?? "");
    for (const { type, parameters } of ranges) {
      if (parameters.get("as") !== "APIGroupDiscoveryList") {
        if (READABLE.has(type)) break;
        continue;
      }
      if (parameters.get("g") !== "apidiscovery.k8s.io" || parameters.get("v") !== "v2" || type !== "application/json") continue;
      const shape = { format: "json", as: "object", isPretty: isPretty(request) } as const;
      return answer(200, aggregated(), shape, { "content-type": AGGREGATED_TYPE, vary: "Accept" });
    }
    const takesPlain = ranges.length === 0 || ranges.some(({ type, parameters }) => parameters.get("as") === undefined && READABLE.has(type));
    if (!takesPlain) throw ranges.some(({ type }) => READABLE.has(type)) ? notAcceptable(ACCEPTED) : notAcceptable(REPRESENTATIONS, {});
    return this.#object(request, plain);
  }

  #object(request: ApiRequest, object: JsonObject): ApiResponse {
    return answer(200, object, negotiate(request.headers.get("accept"), isPretty(request)));
  }

  #readOnly(request: ApiRequest, object: JsonObject): ApiResponse {
    if (request.method !== "GET") throw notAllowed();
    return this.#object(request, object);
  }

  #openApi(request: ApiRequest, parts: readonly string[]): ApiResponse {
    const [version = "", ...rest] = parts;
    // No bytes are a document that describes nothing: kubectl asks so for a kind that it does not find elsewhere.
    if (version === "v2" && rest.length === 0 && (request.headers.get("accept") ?? "").startsWith(PROTOBUF_V2))
      return { kind: "whole", status: 200, headers: { "content-type": PROTOBUF_V2.replace("@", ".") }, body: "" };
    if (version === "v2" && rest.length === 0) return answer(200, openApiV2(this.#registry), { format: "json", as: "object", isPretty: false });
    if (version !== "v3") return answerText(404, "404 page not found\n");
    if (rest.length === 0)
      return { kind: "whole", status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: JSON.stringify(openApiIndex(this.#registry)) };
    const document = openApiDocument(this.#registry, rest.join("/"));
    if (document === undefined) return { kind: "whole", status: 404, headers: {}, body: "" };
    return answer(200, document, { format: "json", as: "object", isPretty: false });
  }

  #rootPaths(): readonly string[] {
    const groups = this.#registry.groups().flatMap(({ name, versions }) => [`/apis/${name}`, ...versions.map((version) => `/apis/${name}/${version}`)]);
    return [...ROOT_PATHS, ...groups].sort();
  }
}
