import type { GIT_REPOSITORY } from "../kinds/git-repository.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";
import { HANDLED_AT, OBSERVED_GENERATION } from "./shared.ts";

const REFUSED = "Not supported yet: a GitRepository that sets it is refused.";
const UNWRITTEN = "Not written yet.";

/** What `kubectl explain gitrepository` says. */
export const GIT_REPOSITORY_DESCRIPTIONS: KindDescriptionsOf<typeof GIT_REPOSITORY> = {
  spec: [
    "Where the repository is, what of it to follow and how often to look.",
    {
      ignore:
        "Files to leave out of the artifact, in the syntax of .gitignore; counts after every .sourceignore of the repository. Where there is any pattern, the default ones (images, archives, CI files) do not count.",
      include: [
        `Files of other repositories to copy in. ${REFUSED}`,
        {
          fromPath: "Folder to copy; by default all.",
          repository: "GitRepository of the same namespace to copy from.",
          toPath: "Folder to copy to; by default one named like the other GitRepository.",
        },
      ],
      interval: "Time between two looks at the repository, such as 1m or 1h30m, give or take 5 per cent; at least 1s. A Receiver can ask for one in between.",
      provider: "How to sign in: generic (default) by spec.secretRef; aws, azure and github by an identity, which is not supported yet and refused.",
      proxySecretRef:
        "Secret with the address of an HTTP proxy, and its username and password where it needs them; by default the controller's environment tells.",
      recurseSubmodules: "Checks out submodules as well. Default: false. Not supported yet: a GitRepository that sets it to true is refused.",
      ref: [
        "What to check out: the first that is set of commit, name, tag, semver and branch. Default: the branch master.",
        {
          branch: "Branch to follow. Beside spec.ref.commit, the branch in whose history the commit is looked for.",
          commit: "Commit to stay at, as 40 hex digits.",
          name: "Ref to follow by its whole name, such as refs/heads/main or refs/merge-requests/7/head.",
          semver: "Range of versions, such as 1.x or ~2.1; the tag of the highest version in it is followed. Prereleases count only where the range has one.",
          tag: "Tag to follow; one that is moved gives a new artifact.",
        },
      ],
      secretRef:
        "Secret with username and password, or bearerToken; over https also ca.crt, and tls.crt with tls.key. Unset, the repository is read without signing in.",
      serviceAccountName: `ServiceAccount of the same namespace to sign in as; only with the providers aws and azure. ${REFUSED}`,
      sparseCheckout: `Folders to check out; unset, all. ${REFUSED}`,
      suspend: "Stops looking at the repository until it is false again; what was stored last is still served. Default: false.",
      timeout: "Longest time for one Git operation, such as 30s or 5m, without hours. Default: 60s.",
      url: "Address of the repository, by http, https or ssh. Not supported yet by ssh: refused.",
      verify: [
        `Takes only what is signed by somebody trusted. ${REFUSED}`,
        {
          mode: "What has to be signed: HEAD (default, also spelled head) the commit, Tag the tag, TagAndHEAD both.",
          secretRef: "Secret with the public keys of those who are trusted, in the same namespace.",
        },
      ],
    },
  ],
  status: [
    "What was found and stored.",
    {
      artifact: "The artifact that is served; it stays while the repository cannot be read.",
      conditions:
        "Ready; ArtifactInStorage once there is an artifact; Reconciling, Stalled, FetchFailed, StorageOperationFailed and ArtifactOutdated while they are true.",
      includedArtifacts: `Artifacts that went into this one by spec.include. ${UNWRITTEN}`,
      lastHandledReconcileAt: HANDLED_AT,
      observedGeneration: OBSERVED_GENERATION,
      observedIgnore: "The spec.ignore that the artifact was made with.",
      observedInclude: [
        `The spec.include that the artifact was made with. ${UNWRITTEN}`,
        { fromPath: "Folder that was copied.", repository: "GitRepository that it was copied from.", toPath: "Folder that it was copied to." },
      ],
      observedRecurseSubmodules: `The spec.recurseSubmodules that the artifact was made with. ${UNWRITTEN}`,
      observedSparseCheckout: `The spec.sparseCheckout that the artifact was made with. ${UNWRITTEN}`,
      sourceVerificationMode: `The spec.verify.mode that the artifact was verified by. ${UNWRITTEN}`,
    },
  ],
};
