import type { JsonObject } from "@plumb/std";
import type { ApiRequest, ApiResponse } from "../http/message.ts";
import { answerText } from "../http/respond.ts";
import type { Registry } from "../kinds/registry.ts";

/** Answers all paths that name no kind. */
export class Discovery {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  answer(_request: ApiRequest): ApiResponse {
    const none: JsonObject = { count: this.#registry.resources().length };
    return answerText(404, none === undefined ? "" : "404 page not found\n");
  }
}
