import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandOf, type ControllerName } from "./bundles.ts";

/** What runs as the three controllers. */
export interface Programs {
  /** Folder of the definitions that go with them. */
  readonly definitions: string;
  /** Whether its log names the addresses that were free; otherwise it is told which to take. */
  readonly saysWhereItListens: boolean;
  command(controller: ControllerName): readonly string[];
  /**
   * Flags beyond those that every controller of the name understands.
   *
   * @param folder where it may keep what it likes
   * @param addresses where it listens, by server
   */
  args(controller: ControllerName, folder: string, addresses: Readonly<Record<string, string>>): readonly string[];
}

/** The bundles that ship. */
export const BUNDLES: Programs = {
  definitions: fileURLToPath(new URL("../../charts/crds/", import.meta.url)),
  saysWhereItListens: true,
  command: commandOf,
  args: (controller, folder) => {
    const spool = ["--spool-path", join(folder, `${controller}-spool`)];
    switch (controller) {
      case "notification-controller":
        return spool;
      case "source-controller":
        return [...spool, "--storage-path", join(folder, "storage")];
      case "kustomize-controller":
        return [...spool, "--cache-path", join(folder, "cache")];
      default:
        return controller satisfies never;
    }
  },
};
