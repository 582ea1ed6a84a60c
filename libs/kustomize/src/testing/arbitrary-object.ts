import fc from "fast-check";

/** Names from a small pool, so that objects meet. */
export const anyName: fc.Arbitrary<string> = fc.constantFrom("a", "b", "web", "db");
const anyNamespace = fc.constantFrom(undefined, undefined, "default", "ns1", "ns2");

/** Scalars as people write them, odd ones among them. */
export const anyScalar: fc.Arbitrary<string> = fc.constantFrom(
  "x",
  "1",
  "'1'",
  '"8080"',
  "true",
  '"true"',
  "yes",
  "'yes'",
  "1.10",
  "0x1F",
  "010",
  "1e3",
  "null",
  "~",
  "''",
  "2020-01-01",
  "$(VAR)",
  "a b",
  "'a: b'",
  '"a\\nb"',
  "12345678901234567890",
  "1_000",
  "on",
  '"#x"',
  "|-\n      one\n      two",
  ">\n      one\n      two\n\n      three",
  "é",
  "[]",
  "{}",
);

interface Meta {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly labels: readonly string[];
}

const anyMeta: fc.Arbitrary<Meta> = fc.record({
  name: anyName,
  namespace: anyNamespace,
  labels: fc.subarray(["app: x", 'tier: "1"', "quoted: 'y'", "plain: 5"]),
});

function head(apiVersion: string, kind: string, { name, namespace, labels }: Meta, isNamespaced = true): string {
  const lines = [`apiVersion: ${apiVersion}`, `kind: ${kind}`, "metadata:", `  name: ${name}`];
  if (isNamespaced && namespace !== undefined) lines.push(`  namespace: ${namespace}`);
  if (labels.length > 0) lines.push("  labels:", ...labels.map((label) => `    ${label}`));
  return lines.join("\n");
}

const anyContainer = (index: number): fc.Arbitrary<string> =>
  fc
    .record({ image: fc.constantFrom("nginx", "nginx:1.0", "reg:5000/nginx@sha256:abc", '"busybox:2"'), ref: anyName, value: anyScalar, extra: fc.boolean() })
    .map(
      ({ image, ref, value, extra }) => `- name: c${index}
  image: ${image}
  env:
  - name: V
    value: ${value.replaceAll("\n", "\n  ")}
  - name: R
    valueFrom:
      configMapKeyRef: {name: ${ref}, key: k}
  - name: S
    valueFrom:
      secretKeyRef:
        name: ${ref}
        key: k
${extra ? '  ports:\n  - containerPort: 80\n  - containerPort: 80\n    protocol: UDP\n  args: ["$(VAR)", --port]\n' : ""}`,
    );

const anyPodSpec: fc.Arbitrary<string> = fc.record({ one: anyContainer(0), two: fc.option(anyContainer(1)), ref: anyName, account: fc.boolean() }).map(
  ({ one, two, ref, account }) => `containers:
${one}${two ?? ""}volumes:
- name: v
  configMap: {name: ${ref}}
- name: s
  secret:
    secretName: ${ref}
- name: p
  persistentVolumeClaim: {claimName: ${ref}}
${account ? `serviceAccountName: ${ref}\n` : ""}`,
);

const indent = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, " ".repeat(by));

const workload = (apiVersion: string, kind: string): fc.Arbitrary<string> =>
  fc.record({ meta: anyMeta, pod: anyPodSpec, replicas: fc.constantFrom("", "  replicas: 1\n", '  replicas: "2"\n') }).map(
    ({ meta, pod, replicas }) => `${head(apiVersion, kind, meta)}
spec:
${kind === "DaemonSet" || kind === "Job" ? "" : replicas}  selector:
    matchLabels: {app: x}
  template:
    metadata:
      labels:
        app: x
    spec:
${indent(pod, 6)}`,
  );

const cronJob: fc.Arbitrary<string> = fc.record({ meta: anyMeta, pod: anyPodSpec }).map(
  ({ meta, pod }) => `${head("batch/v1", "CronJob", meta)}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
${indent(pod, 10)}`,
);

const data: fc.Arbitrary<string> = fc
  .record({ kind: fc.constantFrom("ConfigMap", "Secret"), meta: anyMeta, values: fc.array(anyScalar, { maxLength: 4 }) })
  .map(
    ({ kind, meta, values }) => `${head("v1", kind, meta)}
data:${values.length === 0 ? " {}" : ""}
${values.map((value, i) => `  key${i}: ${value}\n`).join("")}`,
  );

const simple: fc.Arbitrary<string> = fc.record({ meta: anyMeta, ref: anyName, pick: fc.nat(21), value: anyScalar }).map(({ meta, ref, pick, value }) => {
  const kinds = [
    `${head("v1", "Service", meta)}\nspec:\n  selector: {app: x}\n  ports:\n  - port: 80\n    name: http\n`,
    `${head("v1", "ServiceAccount", meta)}\nimagePullSecrets:\n- name: ${ref}\n`,
    `${head("rbac.authorization.k8s.io/v1", "RoleBinding", meta)}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${ref}}\nsubjects:\n- kind: ServiceAccount\n  name: ${ref}\n- kind: ServiceAccount\n  name: default\n  namespace: ns1\n`,
    `${head("rbac.authorization.k8s.io/v1", "Role", meta)}\nrules:\n- apiGroups: [""]\n  resources: [secrets]\n  resourceNames: [${ref}]\n  verbs: [get]\n`,
    `${head("rbac.authorization.k8s.io/v1", "ClusterRole", meta, false)}\nrules: []\n`,
    `${head("networking.k8s.io/v1", "Ingress", meta)}\nspec:\n  tls:\n  - secretName: ${ref}\n    hosts: [h]\n  rules:\n  - host: h\n    http:\n      paths:\n      - path: /\n        backend:\n          service: {name: ${ref}, port: {number: 80}}\n`,
    `${head("v1", "PersistentVolumeClaim", meta)}\nspec: {storageClassName: ${ref}, volumeName: ${ref}}\n`,
    `${head("autoscaling/v1", "HorizontalPodAutoscaler", meta)}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${ref}}\n`,
    `${head("example.com/v1", "Widget", meta)}\nspec:\n  value: ${value.replaceAll("\n    ", "\n  ")}\n  list:\n  - name: one\n    v: 1\n  - name: two\n`,
    `${head("v1", "Namespace", meta, false)}\n`,
    `${head("networking.k8s.io/v1", "NetworkPolicy", meta)}\nspec:\n  podSelector: {matchLabels: {app: x}}\n  ingress:\n  - from:\n    - podSelector:\n        matchLabels: {app: y}\n`,
    `${head("policy/v1", "PodDisruptionBudget", meta)}\nspec:\n  minAvailable: ${value.includes("\n") ? 1 : value}\n  selector:\n    matchLabels:\n      app: x\n`,
    `${head("apiextensions.k8s.io/v1", "CustomResourceDefinition", meta, false)}\nspec:\n  group: example.com\n  names: {kind: Widget}\n  scope: Namespaced\n`,
    `${head("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", meta, false)}\nwebhooks:\n- name: w\n  clientConfig:\n    service: {name: ${ref}, namespace: ns1}\n`,
    `${head("v1", "Pod", meta)}\nspec:\n  containers:\n  - {name: c0, image: nginx}\n  volumes:\n  - name: p\n    projected:\n      sources:\n      - configMap: {name: ${ref}}\n      - secret: {name: ${ref}}\n`,
    `${head("v1", "ConfigMap", meta)}\n  annotations: {config.kubernetes.io/local-config: "true"}\ndata: {key0: local}\n`,
    `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: ${meta.name}}\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: ${ref}}\n`,
    `${head("example.com/v1", "Widget", meta)}\nspec: &all\n  value: {name: ${ref}, n: ${ref}}\n  list: &list [{name: one, v: nginx}, {name: two}]\n  again: *list\n`,
    `# a comment\n${head("v1", "Secret", meta)}  # behind\ntype: Opaque\nstringData:\n  # inside\n  key0: "\\u00e9\\t\\x41"   # more\n`,
    `${head("v1", "ConfigMap", meta)}\ndata:\n  key0: |\n    # of the server\n    server:\n      port: 80 # http\n      hosts: [a, b]\n    # the end\n    list:\n      - name: one\n        v: ${ref}\n  json: '{"server": {"port": 80, "list": [1, {"a": "<"}]}}'\n`,
    `${head("v1", "Secret", meta)}\nstringData:\n  key0: "server:\\n  port: 'x'\\n"\n  json: |-\n    {\n      "server": {"port": 1.0}\n    }\n`,
    `${head("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", meta, false)}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${ref}}\nsubjects:\n- {kind: ServiceAccount, name: ${ref}, namespace: ns1}\n`,
  ];
  return kinds[pick] ?? "";
});

/** One object of a kind of the built-in schema, or of a custom one. */
export const anyObject: fc.Arbitrary<string> = fc.oneof(
  workload("apps/v1", "Deployment"),
  workload("apps/v1", "StatefulSet"),
  workload("apps/v1", "DaemonSet"),
  workload("batch/v1", "Job"),
  cronJob,
  data,
  simple,
  simple,
  simple,
);

/** Documents in one file, with the separators, blanks and line ends that people use; odd ones seldom, for most are refused. */
export const joined = (documents: readonly string[]): fc.Arbitrary<string> => {
  const usual = { start: "", separator: "---\n", end: "", newline: "\n" };
  const odd = fc.record({
    start: fc.constantFrom("", "---\n", "# c\n---\n", "\ufeff", "\n\n", "%YAML 1.1\n---\n"),
    separator: fc.constantFrom("---\n", "\n---\n", "--- # c\n", "---\n---\n", "---\n# only a comment\n---\n", "...\n---\n", "---\nnull\n---\n"),
    end: fc.constantFrom("", "---\n", "...\n", "\n\n", "# end\n"),
    newline: fc.constantFrom("\n", "\n", "\n", "\r\n"),
  });
  return fc
    .oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd })
    .map(({ start, separator, end, newline }) => `${start}${documents.join(separator)}${end}`.replaceAll("\n", newline));
};
