import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Files by path below the folder they are written to. */
type Tree = Readonly<Record<string, string>>;

/** Writes `tree` below `folder`, which it makes. */
export function writeTree(folder: string, tree: Tree): string {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** `pairs` Deployments and as many Services, with a prefix, labels, a namespace and an image that are set on all of them. */
export function pairsTree(pairs: number): Tree {
  const numbers = Array.from({ length: pairs }, (_, i) => i);
  return withKustomization({ "deployments.yaml": numbers.map(deployment).join("---\n"), "services.yaml": numbers.map(service).join("---\n") });
}

/** As `pairsTree`, with a file for each object. */
export function scatteredTree(pairs: number): Tree {
  const files: Record<string, string> = {};
  for (let i = 0; i < pairs; i++) {
    files[`deployment-${i}.yaml`] = deployment(i);
    files[`service-${i}.yaml`] = service(i);
  }
  return withKustomization(files);
}

function withKustomization(files: Tree): Tree {
  const names = Object.keys(files)
    .map((name) => `- ${name}\n`)
    .join("");
  return {
    ...files,
    "kustomization.yaml": `resources:\n${names}namePrefix: prod-\nnamespace: shop\ncommonLabels: {team: checkout, tier: backend}\nimages: [{name: registry.example/shop, newTag: v2.0.0}]\n`,
  };
}

/** Three objects: a Deployment, its Service and a ConfigMap that it reads. */
export function smallTree(): Tree {
  return {
    "kustomization.yaml": "resources: [objects.yaml]\nnamespace: shop\n",
    "objects.yaml": [deployment(0), service(0), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-0\ndata:\n  level: info\n"].join("---\n"),
  };
}

/** `overlays/0` and on, each with a prefix, a patch and an image of its own over one `base` of `objects` objects. */
export function overlaysTree(overlays: number, objects: number): Tree {
  const half = Array.from({ length: objects / 2 }, (_, i) => i);
  const tree: Record<string, string> = {
    "base/kustomization.yaml": "resources: [deployments.yaml, services.yaml]\n",
    "base/deployments.yaml": half.map(deployment).join("---\n"),
    "base/services.yaml": half.map(service).join("---\n"),
  };
  for (let i = 0; i < overlays; i++) {
    tree[`overlays/${i}/kustomization.yaml`] =
      `resources: [../../base]\nnamePrefix: t${i}-\nnamespace: tenant-${i}\nimages: [{name: registry.example/shop, newTag: v${i}}]\npatches: [{path: replicas.yaml}]\n`;
    tree[`overlays/${i}/replicas.yaml`] = `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-${i % half.length}\nspec:\n  replicas: ${i}\n`;
  }
  return tree;
}

function deployment(i: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-${i}
  labels:
    app: app-${i}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: app-${i}
  template:
    metadata:
      labels:
        app: app-${i}
      annotations:
        prometheus.io/scrape: "true"
    spec:
      containers:
      - name: main
        image: registry.example/shop:v1.0.${i}
        args: ["--port=8080", "--name=app-${i}"]
        env:
        - name: LEVEL
          value: info
        - name: REGION
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
        ports:
        - name: http
          containerPort: 8080
        resources:
          requests:
            cpu: 100m
            memory: 64Mi
          limits:
            memory: 128Mi
        readinessProbe:
          httpGet:
            path: /healthz
            port: http
      - name: sidecar
        image: registry.example/proxy:v3
`;
}

function service(i: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: app-${i}
spec:
  selector:
    app: app-${i}
  ports:
  - name: http
    port: 80
    targetPort: http
`;
}
