import type { ControllerName } from "@plumb/e2e/toolkit";

/** A released controller: two modules, for it replaces its own API by a folder that its module does not hold. */
export interface Release {
  readonly version: string;
  /** Sums of the controller's module and of its API's, as `go.sum` has them. */
  readonly sums: readonly [controller: string, api: string];
}

/**
 * What Flux 2.9 ships. The source-controller is the patch before that of Flux 2.9.4, which a module is missing for: of
 * GitRepository and of the definitions nothing changed between the two.
 */
export const RELEASES: Readonly<Record<ControllerName, Release>> = {
  "source-controller": {
    version: "v1.9.3",
    sums: ["h1:Zj1gfvK/2MFIm/K3vh5fSHoJBoggLKMuLWf5ZEmaF0w=", "h1:Z5Id6iPV+n1OY/14dpC18PaHRATzAyZkjAzDNYxSl4E="],
  },
  "kustomize-controller": {
    version: "v1.9.4",
    sums: ["h1:VBnBMhnemqnE5Zca2AoG2gC4472MoiTmk9rdqvLoMcY=", "h1:3Hf5322qL5G9Sb6m3oTcv4xQo9xDIi8vLOFQQvW8Jug="],
  },
  "notification-controller": {
    version: "v1.9.3",
    sums: ["h1:vBONN/Lx5aQ2nDnJxYp5Sb0Wsgh13UbuP5A1MK4dmkY=", "h1:RgpaVPpjICdc9aAAQ6By/Z4uXghm8yDaVy5KuIO5igg="],
  },
};

/** Where the modules lie. */
export const MODULES = "github.com/fluxcd";
