import type { KUSTOMIZATION } from "../kinds/kustomization.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";
import { HANDLED_AT, OBSERVED_GENERATION } from "./shared.ts";

const REFUSED = "Not supported yet: a Kustomization that sets it is refused.";

/** What `kubectl explain kustomization` says. */
export const KUSTOMIZATION_DESCRIPTIONS: KindDescriptionsOf<typeof KUSTOMIZATION> = {
  spec: [
    "What to build, how to apply it and how often. Drift is corrected as it is seen, or with the annotation plumb.dev/drift: observe only told.",
    {
      buildMetadata:
        "Annotations to add: originAnnotations say where an object was written, transformerAnnotations what changed it. Replaces the list of the kustomization file; empty, that one counts.",
      commonMetadata: [
        "Labels and annotations for every object that is applied. They win over those that an object has in Git.",
        { annotations: "Annotations to add, by key.", labels: "Labels to add, by key." },
      ],
      components: "Folders of kustomize components to build in, relative to spec.path. One that is absolute or remote fails the build.",
      decryption: [
        `How encrypted manifests are decrypted. ${REFUSED} An encrypted Secret is never applied.`,
        {
          provider: "What the manifests were encrypted with: sops.",
          secretRef: "Secret with the private keys, in the same namespace.",
          serviceAccountName: "ServiceAccount of the same namespace in whose name a cloud's key service is asked.",
        },
      ],
      deletionPolicy:
        "What becomes of applied objects when this one is deleted: MirrorPrune (default) goes by spec.prune, Delete deletes them, WaitForTermination also waits for their end up to spec.timeout, Orphan leaves them.",
      dependsOn: [
        "Kustomizations that have to be Ready first; one with the same source must also have applied the same revision.",
        {
          name: "Name of the Kustomization.",
          namespace: "Its namespace; this one's own by default.",
          readyExpr: `CEL expression over self and dep that is true when the dependency is ready. ${REFUSED}`,
        },
      ],
      force:
        "Deletes and creates anew an object that cannot be changed in place. Default: false. Not supported yet: a Kustomization that sets it to true is refused.",
      healthCheckExprs: [
        `How to tell the health of kinds that do not report it in a usual way. ${REFUSED}`,
        {
          apiVersion: "API version of the objects, of which only the group counts.",
          current: "CEL expression over the object's fields that is true when it is healthy.",
          failed: "CEL expression that is true when the object has failed.",
          inProgress: "CEL expression that is true while the object is still on its way. Looked at first.",
          kind: "Kind of the objects; unset, every kind of the group.",
        },
      ],
      healthChecks: [
        "Objects to wait for until they are healthy, up to spec.timeout. Not looked at where spec.wait is true.",
        {
          apiVersion: "API version of the object. Default: apps/v1.",
          kind: "Kind of the object.",
          name: "Name of the object.",
          namespace: "Namespace of the object; this one's own by default.",
        },
      ],
      ignore: [
        `Fields whose drift is left as it is. ${REFUSED}`,
        { paths: "JSON pointers to the fields, such as /spec/replicas.", target: "Objects that the rule is for; unset, all of them." },
      ],
      ignoreMissingComponents: "Leaves out those of spec.components that the artifact does not hold. Default: false, they fail the build.",
      images: [
        "New names and versions for container images. An entry overrides the one that the kustomization file has for the same name.",
        {
          digest: "Digest to use, such as sha256:<hex>. Replaces tag and digest that were there; goes behind spec.images.newTag where both are set.",
          name: "Name of the image as it stands in the manifests, without its version.",
          newName: "Name to use instead; unset, the name stays.",
          newTag: "Tag to use. Replaces tag and digest that were there; unset without a digest, the version stays.",
        },
      ],
      interval: "Time from one good run to the next, such as 10m or 1h30m, give or take 5 per cent. New artifacts and drift do not wait for it.",
      kubeConfig: [
        `Applies to another cluster than the controller's own. Exactly one of its fields must be set. ${REFUSED}`,
        {
          configMapRef: "ConfigMap of the same namespace that says which cluster of a cloud to sign in to. Excludes secretRef.",
          secretRef: [
            "Secret of the same namespace with a kubeconfig. Excludes configMapRef.",
            { key: "Key of the kubeconfig; unset, value and then value.yaml.", name: "Name of the Secret." },
          ],
        },
      ],
      namePrefix:
        "Text to put before the name of every object but Namespaces, APIServices and CustomResourceDefinitions, 1 to 200 characters. Replaces the one of the kustomization file.",
      nameSuffix:
        "Text to put behind the name of every object but Namespaces, APIServices and CustomResourceDefinitions, 1 to 200 characters. Replaces the one of the kustomization file.",
      patches: [
        "Patches to make after those of the kustomization file, in their order.",
        {
          patch: "Strategic merge patch, or list of JSON patch operations, as YAML.",
          target: "Objects to patch. A merge patch that names its object can do without; JSON patch operations cannot.",
        },
      ],
      path: "Folder of the artifact to build, such as ./apps; its root by default. One without a kustomization file is built from all manifests below it.",
      postBuild: [
        "Variables to put into manifests once they are built. Not supported yet: a Kustomization that names any, or the strategy Always, is refused.",
        {
          substitute: "Values by name of the variable. They win over substituteFrom.",
          substituteFrom: [
            "Objects of the same namespace whose keys are variables. A later one wins over an earlier one.",
            {
              kind: "Secret or ConfigMap.",
              name: "Name of the object.",
              optional: "Goes on without the object where it does not exist. Default: false, the run fails.",
            },
          ],
          substituteStrategy: "WithVariables (default) leaves manifests alone where there is no variable at all; Always substitutes then, too.",
        },
      ],
      prune:
        "Deletes what was applied and is no longer built, but for objects with the annotation kustomize.toolkit.fluxcd.io/prune: disabled. With false all of it stays and nobody looks after it.",
      retryInterval: "Time after which a failed run is tried again, such as 30s or 2m; always the same. Default: spec.interval.",
      serviceAccountName: `ServiceAccount of the same namespace to apply and delete as; unset, the controller acts as itself. ${REFUSED}`,
      sourceRef: [
        "Source whose artifact is built.",
        {
          apiVersion: "API version of the source. Not looked at, for the kind says it all.",
          kind: "Kind of the source. Not supported yet but for GitRepository: a Kustomization that names another is refused.",
          name: "Name of the source.",
          namespace: "Namespace of the source; this one's own by default. Another is refused where the controller has --no-cross-namespace-refs.",
        },
      ],
      suspend: "Stops runs and the correction of drift until it is false again. Deleting a suspended Kustomization leaves its objects. Default: false.",
      targetNamespace: "Namespace for all objects that live in one, 1 to 63 characters. It has to exist or to be among what is applied.",
      timeout: "Longest time for a build, for becoming healthy and for terminating, such as 5m; at least 30s. Default: spec.interval less 30s.",
      wait: "Is Ready only once every applied object is healthy, and fails when one has failed or after spec.timeout. Replaces spec.healthChecks. Default: false.",
    },
  ],
  status: [
    "What runs came to.",
    {
      conditions: "Ready; Healthy where something was waited for; Reconciling and Stalled while they are true.",
      history: "How runs ended, newest first, five at most. Runs that built the same and ended alike are one entry.",
      inventory: [
        "Objects that the Kustomization has applied and is responsible for.",
        {
          entries: [
            "One for each object.",
            { id: "<namespace>_<name>_<group>_<kind>. The namespace is empty for what lives in none.", v: "API version without its group, such as v1." },
          ],
        },
      ],
      lastAppliedOriginRevision: "Revision of what the artifact was made from, for the last good run; absent where the source does not tell it.",
      lastAppliedRevision: "Revision of the last run that was good to its end, health included.",
      lastAttemptedRevision: "Revision that was last begun to build, whatever came of it.",
      lastHandledReconcileAt: HANDLED_AT,
      observedGeneration: OBSERVED_GENERATION,
    },
  ],
};
