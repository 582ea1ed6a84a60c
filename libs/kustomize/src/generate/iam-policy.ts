import type { Origin } from "@plumb/api";
import { invalid } from "../build-error.ts";
import type { BuildContext } from "../build-context.ts";
import type { Fields } from "../load/fields.ts";
import { readResources } from "../resource/read-resources.ts";
import { Resource } from "../resource/resource.ts";
import { stringify } from "@plumb/yaml";

/** A ServiceAccount that stands for one of Google Cloud. */
export function generateIamPolicy(fields: Fields, context: BuildContext, origin: Origin | undefined): Resource {
  const cloud = fields.text("cloud");
  const account = fields.object("serviceAccount", (part) => ({ name: part.text("name"), project: part.text("projectId") })) ?? { name: "", project: "" };
  const service = fields.object("kubernetesService", (part) => ({ name: part.text("name"), namespace: part.text("namespace") })) ?? { name: "", namespace: "" };
  if (cloud !== "gke") throw invalid(`cloud provider ${cloud} not supported yet`);
  const text = stringify({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: {
      annotations: { "iam.gke.io/gcp-service-account": `${account.name}@${account.project}.iam.gserviceaccount.com` },
      name: service.name,
      ...(service.namespace === "" ? {} : { namespace: service.namespace }),
    },
  });
  const node = readResources(text, undefined, context)[0]?.node;
  if (node === undefined) throw invalid("the generated ServiceAccount is empty");
  return new Resource(node, context.schema, origin);
}
