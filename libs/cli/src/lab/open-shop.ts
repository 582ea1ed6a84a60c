import { rmSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "@plumb/std";
import { firstCommit, STORY_FILES } from "./manifests.ts";
import type { LabNames } from "./names.ts";
import type { LabRepository } from "./repository.ts";

/**
 * Brings a repository to where the story begins. Resolves to true where a user's work was in it, and stays: what the story needs
 * and does not find there is committed on top.
 *
 * @param user who commits by hand in it, unless Git knows that already
 * @throws {ToolkitError} `invalid` for work that is not committed, which the story's own commits would take along or write over
 */
export async function openShop(repository: LabRepository, names: LabNames, user?: { readonly name: string; readonly email: string }): Promise<boolean> {
  const { folder } = repository;
  if (await repository.isOnlyOurs()) {
    rmSync(folder, { recursive: true, force: true });
    await repository.create(user);
    await repository.commit("Open the shop", firstCommit(names));
    return false;
  }
  if (!(await repository.exists())) throw new ToolkitError("invalid", `${folder} holds files and no commit; commit them, or remove it`);
  const wanted = Object.fromEntries(Object.entries(firstCommit(names)).filter(([path]) => path.startsWith("apps/")));
  const edited = await repository.uncommitted(Object.keys(wanted));
  if (edited !== undefined)
    throw new ToolkitError("invalid", `${join(folder, edited)} is changed and not committed; commit or undo that, for the story commits there too`);
  const changes = await missing(repository, wanted);
  if (Object.keys(changes).length > 0) await repository.commit("Open the shop again", changes);
  return true;
}

/** Manifests that are not there, and those that the story writes itself and somebody has changed. */
async function missing(repository: LabRepository, wanted: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const changes: Record<string, string> = {};
  for (const [path, text] of Object.entries(wanted)) {
    const now = await repository.read(path);
    if (now === undefined || (STORY_FILES.includes(path) && now !== text)) changes[path] = text;
  }
  return changes;
}
