import type { JsonSchema } from "../json-schema.ts";
import { SHARED_SCHEMAS } from "../shared-schemas.ts";
import type { FieldDescriptionsOf } from "./descriptions.ts";

type Shared = typeof SHARED_SCHEMAS;

/** Texts of the fields of shared shapes, by the name of the shape; what a shape is for, each field that has it says itself. */
export const SHARED_DESCRIPTIONS: {
  readonly [Name in keyof Shared as Shared[Name] extends { properties: unknown } ? Name : never]: Shared[Name] extends {
    properties: infer Fields extends Readonly<Record<string, JsonSchema>>;
  }
    ? FieldDescriptionsOf<Fields>
    : never;
} = {
  LocalObjectReference: { name: "Name of the object, in the same namespace." },
  Condition: {
    lastTransitionTime: "When status, reason or message changed last, in UTC.",
    message: "Details for people, at most 32768 characters.",
    observedGeneration: "Generation of the spec that the condition is about.",
    reason: "One word for programs, such as BuildFailed.",
    status: "True, False or Unknown.",
    type: "What the condition is about, such as Ready.",
  },
  Artifact: {
    digest: "Digest of the bytes that are served, as <algorithm>:<hex>. Who fetches them has to check it.",
    lastUpdateTime: "When the artifact was stored, in UTC.",
    metadata: "What the source says of the artifact, such as org.opencontainers.image.revision.",
    path: "Path below the root of the storage.",
    revision: "What the artifact was made from, such as main@sha1:<commit>. Compared as text.",
    size: "Size in bytes.",
    url: "Address that the artifact is fetched from.",
  },
  Snapshot: {
    digest: "SHA-256 digest of the manifests that were built.",
    firstReconciled: "When a run ended so for the first time, in UTC.",
    lastReconciled: "When a run ended so for the last time, in UTC.",
    lastReconciledDuration: "How long the last of these runs took, such as 1.5s.",
    lastReconciledStatus: "Reason that these runs ended with, such as ReconciliationSucceeded.",
    metadata: "The revision that was applied last, and its originRevision where the source tells one.",
    totalReconciliations: "How many runs ended so.",
  },
  Selector: {
    annotationSelector: "Annotations that an object must have, in the syntax of label selectors, such as tier=web.",
    group: "Regular expression that must match the whole API group; unset, any group will do.",
    kind: "Regular expression that must match the whole kind; unset, any kind will do.",
    labelSelector: "Labels that an object must have, such as app=web,tier!=test.",
    name: "Regular expression that must match the whole name; unset, any name will do.",
    namespace: "Regular expression that must match the whole namespace; unset, any namespace will do.",
    version: "Regular expression that must match the whole API version; unset, any version will do.",
  },
};

/** What every status says in the same words. */
export const HANDLED_AT = "Value of the annotation reconcile.fluxcd.io/requestedAt that was answered last.";
export const OBSERVED_GENERATION = "Generation of the spec that the conditions are about; -1 until the object has been looked at.";
