import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import git from "isomorphic-git";
import { afterEach, beforeEach, expect, it } from "vitest";
import { firstCommit } from "./manifests.ts";
import { EMBEDDED_NAMES } from "./names.ts";
import { openShop } from "./open-shop.ts";
import { LabRepository } from "./repository.ts";

const user = { name: "Somebody", email: "somebody@example.com" };
let root: string;
let repository: LabRepository;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plumb-shop-"));
  repository = new LabRepository(join(root, "repo"));
});
afterEach(() => rmSync(root, { recursive: true }));

const open = (): Promise<boolean> => openShop(repository, EMBEDDED_NAMES);
const file = (path: string): string => join(repository.folder, path);
const subjects = async (): Promise<readonly string[]> =>
  (await git.log({ fs, dir: repository.folder })).map(({ commit }) => commit.message.split("\n")[0] ?? "");

async function commitByHand(path: string, text: string): Promise<void> {
  writeFileSync(file(path), text);
  await git.add({ fs, dir: repository.folder, filepath: path });
  await git.commit({ fs, dir: repository.folder, message: "Mine", author: user });
}

it("begins a repository, and begins it again where all in it is a lab's", async () => {
  expect(await open()).toBe(false);
  await repository.commit("Roll out", { "apps/settings.yaml": "a: b\n" });
  expect(await open()).toBe(false);
  expect(await subjects()).toEqual(["Open the shop"]);
});

it("goes on from commits of a user's, and commits nothing where the story has all that it needs", async () => {
  await open();
  await commitByHand("README.md", "mine\n");
  expect(await open()).toBe(true);
  expect(await subjects()).toEqual(["Mine", "Open the shop"]);
});

it("puts back what the story writes to and a user has changed, on top of their commits", async () => {
  await open();
  await commitByHand("apps/deployment.yaml", "replicas: 4\n");
  await commitByHand("apps/more.yaml", "mine\n");
  expect(await open()).toBe(true);
  expect(await subjects()).toEqual(["Open the shop again", "Mine", "Mine", "Open the shop"]);
  expect(await repository.read("apps/deployment.yaml")).toBe(firstCommit(EMBEDDED_NAMES)["apps/deployment.yaml"]);
  expect(readFileSync(file("apps/more.yaml"), "utf8")).toBe("mine\n");
});

it("opens the shop in a repository that is wholly a user's, and adds nothing else to it", async () => {
  await repository.create();
  await commitByHand("notes.md", "mine\n");
  expect(await open()).toBe(true);
  expect(await subjects()).toEqual(["Open the shop again", "Mine"]);
  expect(readdirSync(repository.folder).sort()).toEqual([".git", "apps", "notes.md"]);
  expect(await repository.read("apps/kustomization.yaml")).toContain("deployment.yaml");
});

it.each<[what: string, path: string, edit: () => unknown]>([
  ["changed", "apps/settings.yaml", () => writeFileSync(file("apps/settings.yaml"), "mine: true\n")],
  ["removed", "apps/service.yaml", () => rmSync(file("apps/service.yaml"))],
  [
    "written over one that was committed away",
    "apps/service.yaml",
    async () => {
      await repository.commit("Away", { "apps/service.yaml": undefined });
      writeFileSync(file("apps/service.yaml"), "mine: true\n");
    },
  ],
  [
    "staged",
    "new.yaml",
    async () => {
      writeFileSync(file("new.yaml"), "mine: true\n");
      await git.add({ fs, dir: repository.folder, filepath: "new.yaml" });
    },
  ],
])("touches no work that is not committed, where a file was %s", async (_, path, edit) => {
  await open();
  await edit();
  await expect(open()).rejects.toMatchObject({
    kind: "invalid",
    message: `${file(path)} is changed and not committed; commit or undo that, for the story commits there too`,
  });
  expect((await subjects())[0]).not.toBe("Open the shop again");
});

it("minds no file that Git was never told of", async () => {
  await open();
  writeFileSync(file("notes.txt"), "");
  expect(await open()).toBe(true);
  expect(await subjects()).toEqual(["Open the shop"]);
});

it("refuses files without a commit", async () => {
  await repository.create();
  writeFileSync(file("mine.txt"), "");
  await expect(open()).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("holds files and no commit") });
});
