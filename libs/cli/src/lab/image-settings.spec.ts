import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { IMAGE_ENVIRONMENT, IMAGE_NODE_FLAGS } from "./image-settings.ts";

const CONTROLLERS = fileURLToPath(new URL("../../../../controllers/", import.meta.url));

describe.each(["source-controller", "kustomize-controller", "notification-controller"])("the image of the %s", (name) => {
  const image = readFileSync(`${CONTROLLERS}${name}/Dockerfile`, "utf8");

  it("starts Node as a lab does", () => {
    const [, entrypoint = "[]"] = /^ENTRYPOINT (.+)$/m.exec(image) ?? [];
    expect(JSON.parse(entrypoint)).toEqual(["/nodejs/bin/node", ...IMAGE_NODE_FLAGS, "/app/main.mjs"]);
  });

  it("gives it the environment that a lab does", () => {
    const [, variables = ""] = /^ENV (.+)$/m.exec(image) ?? [];
    expect(variables.split(" ")).toEqual(expect.arrayContaining(Object.entries(IMAGE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`)));
  });
});
