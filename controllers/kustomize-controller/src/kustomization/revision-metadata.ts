import { EVENT_KEY, type Artifact, type Kustomization } from "@plumb/api";

const GROUP = "kustomize.toolkit.fluxcd.io";
const ORIGIN_REVISION = "org.opencontainers.image.revision";

/** Revision of what the artifact was made from, where the source says (K-017). */
export function originRevisionOf({ metadata }: Artifact): string | undefined {
  return metadata?.[ORIGIN_REVISION];
}

/** What an event says of the artifact that it is about. */
export function artifactMetadata(artifact: Artifact): Readonly<Record<string, string>> {
  return revisionMetadata(artifact.revision, originRevisionOf(artifact));
}

/** What an event says of the revision that was applied last; nothing where none was. */
export function appliedMetadata({ status }: Kustomization): Readonly<Record<string, string>> {
  return revisionMetadata(status?.lastAppliedRevision, status?.lastAppliedOriginRevision);
}

/** The revision that an object is held to; a commit that leaves it as it was does not write it, so it may be written by an older one. */
export function standingRevision({ status }: Kustomization, writtenBy: string | undefined): string {
  const isOfNewest = writtenBy !== undefined && writtenBy === status?.lastAttemptedRevision;
  return (isOfNewest ? writtenBy : status?.lastAppliedRevision) ?? writtenBy ?? "";
}

function revisionMetadata(revision = "", originRevision = ""): Readonly<Record<string, string>> {
  return {
    ...(revision === "" ? {} : { [`${GROUP}/${EVENT_KEY.Revision}`]: revision }),
    ...(originRevision === "" ? {} : { [`${GROUP}/${EVENT_KEY.OriginRevision}`]: originRevision }),
  };
}
