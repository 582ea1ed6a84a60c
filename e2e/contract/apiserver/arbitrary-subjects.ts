import type { RequestStep, Step } from "./case.ts";
import type { Choices } from "./choices.ts";
import type { Json, JsonObject } from "./json.ts";

/** One kind with what its objects may say. */
export interface Subject {
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly before: readonly Step[];
  readonly cleanup: readonly string[];
  readonly takesStrategic: boolean;
  content(choices: Choices): JsonObject;
}

export function request(method: string, path: string, query?: string, contentType?: string, body?: Json): RequestStep {
  return {
    request: {
      method,
      path,
      ...(query === undefined ? {} : { query }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(body === undefined ? {} : { body }),
    },
    response: { status: 0 },
  };
}

export const CONFIG_MAP: Subject = {
  path: "/api/v1/namespaces/${ns}/configmaps/a",
  apiVersion: "v1",
  kind: "ConfigMap",
  before: [],
  cleanup: [],
  takesStrategic: true,
  content: (choices) => ({
    data: Object.fromEntries(choices.some(["x", "y", "z"]).map((key) => [key, choices.one(["1", "2"])])),
    ...(choices.isOneIn(4) ? { binaryData: { b: choices.one(["AQ==", "Ag=="]) } } : {}),
  }),
};

export const SERVICE: Subject = {
  path: "/api/v1/namespaces/${ns}/services/a",
  apiVersion: "v1",
  kind: "Service",
  before: [],
  cleanup: [],
  takesStrategic: true,
  content: (choices) => ({
    spec: {
      ports: [80, 81, 82].filter((port) => port === 80 || choices.isOneIn(2)).map((port) => arbitraryPort(port, choices)),
      ...(choices.isOneIn(2) ? { selector: Object.fromEntries(choices.some(["a", "b"]).map((key) => [key, choices.one(["1", "2"])])) } : {}),
      ...(choices.isOneIn(3) ? { sessionAffinity: choices.one(["None", "ClientIP"]) } : {}),
    },
  }),
};

function arbitraryPort(port: number, choices: Choices): JsonObject {
  const target = choices.one([undefined, "http", 8080]);
  return { name: `p${port}`, port, ...(choices.isOneIn(2) ? { protocol: "TCP" } : {}), ...(target === undefined ? {} : { targetPort: target }) };
}

export const DEPLOYMENT: Subject = {
  path: "/apis/apps/v1/namespaces/${ns}/deployments/a",
  apiVersion: "apps/v1",
  kind: "Deployment",
  before: [],
  cleanup: [],
  takesStrategic: true,
  content: (choices) => ({
    spec: {
      ...(choices.isOneIn(2) ? { replicas: choices.below(3) } : {}),
      ...(choices.isOneIn(4) ? { strategy: { type: choices.one(["Recreate", "RollingUpdate"]) } } : {}),
      selector: { matchLabels: { app: "a" } },
      template: { metadata: { labels: { app: "a" } }, spec: arbitraryPodSpec(choices) },
    },
  }),
};

function arbitraryPodSpec(choices: Choices): JsonObject {
  const names = ["main", "side", "third"].filter((name) => name === "main" || choices.isOneIn(2));
  return {
    containers: (choices.isOneIn(2) ? names : names.toReversed()).map((name) => arbitraryContainer(name, choices)),
    ...(choices.isOneIn(3) ? { nodeSelector: { disk: choices.one(["ssd", "hdd"]) } } : {}),
    ...(choices.isOneIn(3) ? { tolerations: [{ key: choices.one(["k", "j"]), operator: "Exists" }] } : {}),
    ...(choices.isOneIn(3) ? { volumes: [{ name: "v", ...choices.one([{ emptyDir: {} }, { configMap: { name: "c" } }]) }] } : {}),
  };
}

function arbitraryContainer(name: string, choices: Choices): JsonObject {
  const environment = choices.some(["A", "B", "C"]).map((key): JsonObject => ({ name: key, value: choices.one(["1", "2"]) }));
  return {
    name,
    image: choices.one(["example/main:1", "example/main:2"]),
    ...(choices.isOneIn(2) ? { env: environment } : {}),
    ...(choices.isOneIn(3) ? { args: choices.one([["a"], ["b", "c"]]) } : {}),
    ...(choices.isOneIn(3) ? { ports: [{ containerPort: 80 }, ...(choices.isOneIn(2) ? [{ containerPort: 81, name: "q", protocol: "UDP" }] : [])] } : {}),
    ...(choices.isOneIn(3) ? { resources: { limits: { cpu: choices.one(["1", "1000m", "2"]) } } } : {}),
  };
}

const text: JsonObject = { type: "string" };
const WIDGET_SCHEMA: JsonObject = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        keyed: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name", "kind"],
          items: {
            type: "object",
            required: ["name"],
            properties: {
              name: text,
              kind: { type: "string", default: "plain" },
              value: text,
              tags: { type: "array", "x-kubernetes-list-type": "set", items: text },
            },
          },
        },
        set: { type: "array", "x-kubernetes-list-type": "set", items: text },
        whole: { type: "array", items: { type: "object", properties: { a: text } } },
        fixed: { type: "object", "x-kubernetes-map-type": "atomic", additionalProperties: text },
        map: { type: "object", additionalProperties: { type: "object", properties: { a: text, b: text } } },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        either: { "x-kubernetes-int-or-string": true },
        maybe: { type: "string", nullable: true },
        usual: { type: "integer", default: 5 },
      },
    },
  },
};

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const DEFINITION = `${DEFINITIONS}/widgets.\${id}.example.com`;
const WIDGETS = "/apis/${id}.example.com/v1/namespaces/${ns}/widgets";

function awaited(path: string, select: string, value: string): RequestStep {
  return {
    request: { method: "GET", path },
    poll: true,
    select: { value: select },
    response: { status: 200, contentType: "application/json", selected: { value } },
  };
}

export const WIDGET: Subject = {
  path: `${WIDGETS}/a`,
  apiVersion: "${id}.example.com/v1",
  kind: "Widget",
  before: [
    {
      ...request("POST", DEFINITIONS, undefined, "application/json", {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "widgets.${id}.example.com" },
        spec: {
          group: "${id}.example.com",
          scope: "Namespaced",
          names: { kind: "Widget", plural: "widgets" },
          versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: WIDGET_SCHEMA } }],
        },
      }),
      compare: "status",
    },
    awaited(DEFINITION, "status/conditions/[type=Established]/status", "True"),
    awaited(WIDGETS, "kind", "WidgetList"),
  ],
  cleanup: [DEFINITION],
  takesStrategic: false,
  content: (choices) => ({ spec: arbitraryWidget(choices) }),
};

function arbitraryWidget(choices: Choices): JsonObject {
  const parts: JsonObject = {
    keyed: choices.some(["x", "y"]).map((name): JsonObject => ({
      name,
      ...(choices.isOneIn(3) ? { kind: "fancy" } : {}),
      ...(choices.isOneIn(2) ? { value: choices.one(["1", "2"]) } : {}),
      ...(choices.isOneIn(3) ? { tags: choices.some(["p", "q"]) } : {}),
    })),
    set: choices.some(["p", "q", "r"]),
    whole: choices.some(["1", "2"]).map((a): JsonObject => ({ a })),
    fixed: Object.fromEntries(choices.some(["k", "l"]).map((key) => [key, "1"])),
    map: Object.fromEntries(choices.some(["k", "l"]).map((key) => [key, choices.one<JsonObject>([{ a: "1" }, { b: "1" }, {}])])),
    free: choices.one<JsonObject>([{ n: 1 }, { n: { o: [1, "x"] } }, {}]),
    either: choices.one<Json>([1, "1", "10%"]),
    maybe: choices.one(["s", null]),
    usual: choices.one([5, 6]),
  };
  return Object.fromEntries(choices.some(Object.keys(parts)).map((key) => [key, parts[key]]));
}
