import type { Clock } from "@plumb/std";
import { notFound, noSuchResource } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { named } from "../write/writer.ts";
import type { ApiRequest, ApiResponse } from "./message.ts";
import type { ResourcePath } from "./request-path.ts";
import { callOf, handleObject, type HandlerParts } from "./resource-handler.ts";
import { handleScale } from "./scale-handler.ts";
import { handleVirtual } from "./virtual-subresources.ts";

/** `/status`, `/scale` and the others. @throws {Refusal} 404 where the kind has no such part */
export async function handleSubresource(
  parts: HandlerParts & { readonly clock: Clock },
  request: ApiRequest,
  path: ResourcePath,
  resource: Resource,
  warn: (text: string) => void,
): Promise<ApiResponse> {
  const isKnown = resource.subresources.some(({ name }) => name === path.subresource);
  if (!isKnown) {
    if (resource.isCustom) throw notFound(named(resource, path.name));
    throw noSuchResource();
  }
  const call = callOf(request, path, resource, warn, parts.clock);
  if (path.subresource === "scale" && resource.scale !== undefined) return handleScale(parts, call, resource.scale);
  if (path.subresource === "status") return handleObject(parts, call);
  return handleVirtual(parts, call);
}
