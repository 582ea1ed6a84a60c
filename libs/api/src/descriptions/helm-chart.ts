import type { HELM_CHART } from "../kinds/helm-chart.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";
import { HANDLED_AT, OBSERVED_GENERATION } from "./shared.ts";

/** What `kubectl explain helmchart` says. */
export const HELM_CHART_DESCRIPTIONS: KindDescriptionsOf<typeof HELM_CHART> = {
  spec: [
    "Which chart to take from where, and how often to look.",
    {
      chart: "Name of the chart in a HelmRepository, or its folder in a GitRepository or Bucket.",
      ignoreMissingValuesFiles: "Leaves out those of spec.valuesFiles that do not exist. Default: false, they fail the chart.",
      interval: "Time between two looks at the source, such as 5m or 1h30m.",
      reconcileStrategy: "When there is a new artifact: ChartVersion (default) for a new version of the chart, Revision for each new revision of the source.",
      sourceRef: [
        "Source that has the chart, in the same namespace.",
        { apiVersion: "API version of the source.", kind: "Kind of the source: HelmRepository, GitRepository or Bucket.", name: "Name of the source." },
      ],
      suspend: "Stops looking for new versions until it is false again; what was stored last is still served. Default: false.",
      valuesFiles: "Files of values to merge, by their paths, in place of the values.yaml of the chart. A later one wins over an earlier one.",
      verify: [
        "Takes only a chart that is signed by somebody trusted; only with a HelmRepository.",
        {
          matchOIDCIdentity: [
            "Who may have signed without a key; one match is enough, and unset everybody may.",
            { issuer: "Regular expression for the issuer of the signer's token.", subject: "Regular expression for the subject of the signer's token." },
          ],
          provider: "What it was signed with: cosign (default) or notation.",
          secretRef: "Secret with public keys (*.pub), or with trustpolicy.json and certificates for notation. Unset, cosign verifies without a key.",
        },
      ],
      version: "Version, or range of versions such as 1.x, to take from a HelmRepository; not looked at with other sources. Default: *, the newest.",
    },
  ],
  status: [
    "What was found and stored.",
    {
      artifact: "The chart that is served.",
      conditions: "Ready, and what else is true of the HelmChart.",
      lastHandledReconcileAt: HANDLED_AT,
      observedChartName: "Name of the chart that is served.",
      observedGeneration: OBSERVED_GENERATION,
      observedSourceArtifactRevision: "Revision of the source that the chart was taken from.",
      observedValuesFiles: "Those of spec.valuesFiles that were there and merged.",
      url: "Address of the newest chart, which stays the same.",
    },
  ],
};
