import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectAt, objectsAt, textAt } from "../draft.ts";

/** What a pod may say and hardly means. Source: `GetWarningsForPodTemplate` in pkg/api/pod. */
export function podWarnings(spec: JsonObject | undefined, field: string): readonly string[] {
  return [...spreadWarnings(spec, field), ...environmentWarnings(spec, field), ...portWarnings(objectsAt(spec, "containers"), `${field}.containers`)];
}

/** A selector that is left out selects nothing. */
function spreadWarnings(spec: JsonObject | undefined, field: string): readonly string[] {
  return objectsAt(spec, "topologySpreadConstraints").flatMap((one, index) =>
    objectAt(one, "labelSelector") === undefined
      ? [`${field}.topologySpreadConstraints[${index}].labelSelector: a null labelSelector results in matching no pod`]
      : [],
  );
}

/** Names that stand twice in an environment, which apply would fold into one. */
function environmentWarnings(spec: JsonObject | undefined, field: string): readonly string[] {
  return ["initContainers", "containers"].flatMap((list) =>
    objectsAt(spec, list).flatMap((container, at) => {
      const seen = new Set<string>();
      return listAt(container, "env").flatMap((env, index) => {
        const name = textAt(env, "name") ?? "";
        const isRepeated = seen.has(name);
        seen.add(name);
        return isRepeated
          ? [`${field}.${list}[${at}].env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`]
          : [];
      });
    }),
  );
}

interface Port {
  readonly at: string;
  readonly name: string;
  readonly definition: string;
}

/** Ports of different containers share one network. */
function portWarnings(containers: readonly JsonObject[], field: string): readonly string[] {
  const ports = containers.flatMap((container, at) =>
    objectsAt(container, "ports").map((port, index): Port => ({
      at: `${field}[${at}].ports[${index}]`,
      name: textAt(port, "name") ?? "",
      definition: `${numberAt(port, "containerPort") ?? 0}/${textAt(port, "protocol") ?? "TCP"}`,
    })),
  );
  const definitions = ports.flatMap((port, index) =>
    ports
      .slice(0, index)
      .filter(({ definition }) => definition === port.definition)
      .map(({ at }) => `${port.at}: duplicate port definition with ${at}`),
  );
  const names = ports.flatMap((port) => {
    const first = ports.find(({ name }) => name !== "" && name === port.name);
    if (first === undefined || first === port) return [];
    const { at, name } = first;
    return [`${port.at}: duplicate port name ${JSON.stringify(name)} with ${at}, services and probes that select ports by name will use ${at}`];
  });
  return [...definitions, ...names];
}
