export type {
  ApplyOptions, CreateOptions, DeleteOptions, KubeClient, ListOptions, ObjectList, ObjectName, PatchOptions, Resource, ResourceName,
  WatchEvent, WatchOptions,
} from "./kube-client.ts";
