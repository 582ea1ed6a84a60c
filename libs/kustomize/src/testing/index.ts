export { kustomizeBinary } from "./kustomize-binary.ts";
