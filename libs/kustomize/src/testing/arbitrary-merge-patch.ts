import fc from "fast-check";

type Text = fc.Arbitrary<string>;

const BLOCK_PATCH = `kind: x
metadata:
  name: x
  annotations:
    block: |
      one
       two

    folded: >-
      a
      b
    "quoted": 'it''s'
    plain: a
      b
spec: {template: {metadata: {labels: {app: x, z: "1"}}}}
`;

const COMMENTED_PATCH = `# above
kind: x # beside
metadata:
  # inside
  name: x
  labels: # of labels
    # first
    app: x # app
    # last
# below
`;

const IN_POD = "kind: Deployment, apiVersion: apps/v1, metadata: {name: x}, spec";

/** A strategic merge of an object called `x`, mostly in flow style. */
export const anyMergePatch: Text = fc.constantFrom(
  "{kind: x, metadata: {name: x, annotations: {p: q}}}",
  "{kind: x, metadata: {name: x, labels: null}}",
  "{kind: x, metadata: {name: x, labels: {app: null, added: ''}}}",
  "{kind: x, metadata: {name: x, annotations: {}}}",
  "{kind: Other, metadata: {name: renamed}}",
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, image: patched}, {name: new, image: n}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, env: [{name: V, value: patched}, {$patch: delete, name: R}]}]}}}}`,
  `{${IN_POD}: {template: {spec: {volumes: [{$patch: replace}, {name: only, emptyDir: {}}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, ports: [{containerPort: 80, name: web}]}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c1, $patch: delete}], initContainers: [{name: i, image: nginx}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, args: [a, b], command: null, resources: {limits: {cpu: 1}}}]}}}}`,
  `{${IN_POD}: {template: {spec: {volumes: [{name: v, configMap: null, emptyDir: {}}, {name: s, $patch: delete}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{image: nameless}]}}}}`,
  `{${IN_POD}: {template: {spec: {$patch: replace, containers: [{name: z, image: z}]}}}}`,
  `{${IN_POD}: {template: {spec: {tolerations: [{key: a}, {key: a}], topologySpreadConstraints: [{topologyKey: t, whenUnsatisfiable: x, maxSkew: 1}]}}}}`,
  `{${IN_POD}: {selector: {matchLabels: {$patch: replace, only: this}}, strategy: {$retainKeys: [type], type: Recreate}}}`,
  `{${IN_POD}: {template: {spec: {$setElementOrder/containers: [{name: c1}, {name: c0}], containers: [{name: c0, image: o}]}}}}`,
  "{kind: ConfigMap, apiVersion: v1, metadata: {name: x}, data: {key0: patched, key1: null, added: '5'}}",
  "{kind: ConfigMap, apiVersion: v1, metadata: {name: x}, data: {$patch: replace, only: one}}",
  "{kind: Service, apiVersion: v1, metadata: {name: x}, spec: {ports: [{port: 80, targetPort: http}, {port: 81, protocol: UDP}], selector: null}}",
  "{kind: RoleBinding, apiVersion: rbac.authorization.k8s.io/v1, metadata: {name: x}, subjects: [{kind: User, name: u}]}",
  "{kind: Widget, apiVersion: example.com/v1, metadata: {name: x}, spec: {list: [{name: three}]}}",
  "{kind: Widget, apiVersion: example.com/v1, metadata: {name: x}, spec: {list: [], value: {deep: [1, {a: b}]}}}",
  "{kind: Widget, apiVersion: example.com/v1, metadata: {name: x}, spec: {$deleteFromPrimitiveList/list: [one]}}",
  "{kind: x, metadata: {name: x}, $patch: delete}",
  "{kind: x, metadata: {name: x}, $patch: replace, data: {a: b}}",
  "{kind: x, metadata: {name: x}, $patch: merge, data: {a: b}}",
  "{kind: x, metadata: {name: x, namespace: ns2, finalizers: [a, b]}}",
  "{kind: x, metadata: {name: x}, spec: null}",
  "{kind: x, metadata: {name: x}, spec: {replicas: '7', paused: ~}}",
  `{${IN_POD}: {template: {spec: {imagePullSecrets: [{name: a}, {name: pull}], hostAliases: [{ip: 1.1.1.1, hostnames: [h]}], $patch: merge}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, volumeMounts: [{mountPath: /a, name: v}, {mountPath: /a, name: s}], $setElementOrder/env: [{name: R}]}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, $deleteFromPrimitiveList/args: ['--port'], envFrom: [{secretRef: {name: a}}]}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, ports: [{containerPort: 80, protocol: TCP, hostPort: 1}, {containerPort: 80, protocol: UDP, $patch: delete}]}]}}}}`,
  `{${IN_POD}: {template: {spec: {initContainers: [{name: c0}, {$patch: delete, name: c1}], containers: null}}}}`,
  `{${IN_POD}: {template: {spec: {containers: {}}}}}`,
  `{${IN_POD}: {template: {metadata: {labels: {app: "x", "on": "on", 'n': '1'}, annotations: {a: !!str 1}}}}}`,
  "{kind: Ingress, apiVersion: networking.k8s.io/v1, metadata: {name: x}, spec: {rules: [{host: other}], tls: [{hosts: [i]}]}}",
  "{kind: ServiceAccount, apiVersion: v1, metadata: {name: x}, secrets: [{name: a}], imagePullSecrets: [{name: b}]}",
  '{kind: Secret, apiVersion: v1, metadata: {name: x}, stringData: {key0: "a\\nb", new: 1.0}, data: null}',
  "{kind: CronJob, apiVersion: batch/v1, metadata: {name: x}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c0, image: cron}]}}}}}}",
  BLOCK_PATCH,
  COMMENTED_PATCH,
);
