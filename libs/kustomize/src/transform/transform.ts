import type { ResourceList } from "../resource/resource-list.ts";

/** One step of a build; changes the objects in place. */
export type Transform = (resources: ResourceList) => void;
