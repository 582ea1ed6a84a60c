import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { hasGitIdentity } from "./git-identity.ts";

const HOME = mkdtempSync(join(tmpdir(), "plumb-identity-"));
afterAll(() => rmSync(HOME, { recursive: true }));

const USER = "[user]\n\tname = Me\n\temail = me@example.com\n";
mkdirSync(join(HOME, "xdg", "git"), { recursive: true });
mkdirSync(join(HOME, "dot"));
writeFileSync(join(HOME, "xdg", "git", "config"), USER);
writeFileSync(join(HOME, "dot", ".gitconfig"), USER);
writeFileSync(join(HOME, "other"), "[core]\n\teditor = vi\n");

it.each<readonly [string, Readonly<Record<string, string>>, boolean]>([
  ["nothing", { HOME }, false],
  ["no home", {}, false],
  ["a variable", { HOME, EMAIL: "me@example.com" }, true],
  ["a configuration at home", { HOME: join(HOME, "dot") }, true],
  ["a configuration elsewhere", { HOME, XDG_CONFIG_HOME: join(HOME, "xdg") }, true],
  ["a configuration that says nothing of it", { HOME: join(HOME, "dot"), GIT_CONFIG_GLOBAL: join(HOME, "other") }, false],
])("Git knows who commits by %s: %#", (_, env, isKnown) => {
  expect(hasGitIdentity(env, join(HOME, "absent"))).toBe(isKnown);
});
