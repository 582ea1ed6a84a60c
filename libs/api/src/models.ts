import { Model } from "@kubernetes-models/base";
import type { FromSchema } from "./json-schema.ts";
import { apiVersionOf, type KindDefinition } from "./kind-definition.ts";
import { ALERT } from "./kinds/alert.ts";
import { BUCKET } from "./kinds/bucket.ts";
import { EXTERNAL_ARTIFACT } from "./kinds/external-artifact.ts";
import { GIT_REPOSITORY } from "./kinds/git-repository.ts";
import { HELM_CHART } from "./kinds/helm-chart.ts";
import { HELM_REPOSITORY } from "./kinds/helm-repository.ts";
import { KUSTOMIZATION } from "./kinds/kustomization.ts";
import { OCI_REPOSITORY } from "./kinds/oci-repository.ts";
import { PROVIDER } from "./kinds/provider.ts";
import { RECEIVER } from "./kinds/receiver.ts";

/** What the author of an object says of it. */
export interface ModelMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What a model is made from; apiVersion and kind are the model's own. */
export interface ModelInput<Definition extends KindDefinition> {
  readonly metadata: ModelMetadata;
  readonly spec: FromSchema<Definition["spec"]>;
}

/** An object of the kind, ready for JSON. */
export type ModelObject<Definition extends KindDefinition> = Model<unknown> &
  ModelInput<Definition> & { readonly apiVersion: string; readonly kind: Definition["kind"] };

/** A class of one kind that composes with the kubernetes-models ecosystem. */
export interface ModelClass<Definition extends KindDefinition> {
  new (input: ModelInput<Definition>): ModelObject<Definition>;
  readonly apiVersion: string;
  readonly kind: Definition["kind"];
  /** True for any object, model or not, of this kind and version. */
  is(value: unknown): value is ModelObject<Definition>;
}

export const Alert: ModelClass<typeof ALERT> = modelOf(ALERT);
export const Bucket: ModelClass<typeof BUCKET> = modelOf(BUCKET);
export const ExternalArtifact: ModelClass<typeof EXTERNAL_ARTIFACT> = modelOf(EXTERNAL_ARTIFACT);
export const GitRepository: ModelClass<typeof GIT_REPOSITORY> = modelOf(GIT_REPOSITORY);
export const HelmChart: ModelClass<typeof HELM_CHART> = modelOf(HELM_CHART);
export const HelmRepository: ModelClass<typeof HELM_REPOSITORY> = modelOf(HELM_REPOSITORY);
export const Kustomization: ModelClass<typeof KUSTOMIZATION> = modelOf(KUSTOMIZATION);
export const OCIRepository: ModelClass<typeof OCI_REPOSITORY> = modelOf(OCI_REPOSITORY);
export const Provider: ModelClass<typeof PROVIDER> = modelOf(PROVIDER);
export const Receiver: ModelClass<typeof RECEIVER> = modelOf(RECEIVER);

function modelOf<Definition extends KindDefinition>(definition: Definition): ModelClass<Definition> {
  const { kind } = definition;
  const apiVersion = apiVersionOf(definition);
  const { [kind]: named } = {
    [kind]: class extends Model<object> {
      static readonly apiVersion = apiVersion;
      static readonly kind = kind;
      static is(value: unknown): boolean {
        return typeof value === "object" && value !== null && Reflect.get(value, "apiVersion") === apiVersion && Reflect.get(value, "kind") === kind;
      }

      constructor(input: ModelInput<Definition>) {
        super({ apiVersion, kind, ...input });
      }
    },
  };
  // why: Model assigns what it is given to itself, which its own type does not say; a computed key loses the class's type
  return named as unknown as ModelClass<Definition>;
}
