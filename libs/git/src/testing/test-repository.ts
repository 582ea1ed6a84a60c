import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ObjectFolder } from "../server/object-folder.ts";
import { NO_HASH, RefFolder } from "../server/ref-folder.ts";

/** A file of a commit: its text or bytes, or more than that. */
export type TestFile = string | Uint8Array | { readonly content: string | Uint8Array; readonly mode: "100755" | "120000" };

export interface TestCommit {
  /** All files of the commit, by path. */
  readonly files: Readonly<Record<string, TestFile>>;
  readonly message?: string;
  /** `main` unless set. */
  readonly branch?: string;
  /** Seconds since 1970; 1,700,000,000 and one more for each commit unless set. */
  readonly whenSeconds?: number;
}

/** One entry of a tree that a test writes by hand, hostile ones included. */
export interface RawTreeEntry {
  readonly mode: string;
  readonly name: string | Buffer;
  readonly hash: string;
}

/** A bare Git repository in a folder of its own, written without Git. */
export class TestRepository {
  /** Ends in `repository.git`; the folder above it is the repository's alone. */
  readonly folder: string;
  readonly objects: ObjectFolder;
  readonly refs: RefFolder;
  #commits = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.objects = new ObjectFolder(folder);
    this.refs = new RefFolder(folder);
  }

  /** Makes a commit on top of its branch and moves the branch. Returns its hash. */
  async commit({ files, message = "A commit\n", branch = "main", whenSeconds }: TestCommit): Promise<string> {
    const tree = await this.writeTree(files);
    const parent = await this.refs.resolve(`refs/heads/${branch}`);
    const hash = await this.writeCommit(tree, { message, parents: parent === undefined ? [] : [parent], ...(whenSeconds !== undefined && { whenSeconds }) });
    await this.setRef(`refs/heads/${branch}`, hash);
    return hash;
  }

  async writeCommit(
    tree: string,
    { message, parents, whenSeconds }: { readonly message: string; readonly parents: readonly string[]; readonly whenSeconds?: number },
  ): Promise<string> {
    const who = `Ann Author <ann@example.com> ${whenSeconds ?? 1_700_000_000 + this.#commits++} +0000`;
    const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`), `author ${who}`, `committer ${who}`, "", message];
    return this.objects.write({ type: "commit", bytes: Buffer.from(lines.join("\n")) });
  }

  /** Writes nested trees for paths with slashes. */
  async writeTree(files: Readonly<Record<string, TestFile>>): Promise<string> {
    const folders = new Map<string, Record<string, TestFile>>();
    const entries: RawTreeEntry[] = [];
    for (const [path, file] of Object.entries(files)) {
      const slash = path.indexOf("/");
      if (slash === -1) entries.push(await this.#writeFile(path, file));
      else folders.set(path.slice(0, slash), { ...folders.get(path.slice(0, slash)), [path.slice(slash + 1)]: file });
    }
    for (const [name, content] of folders) entries.push({ mode: "40000", name, hash: await this.writeTree(content) });
    const key = ({ name, mode }: RawTreeEntry): string => (mode === "40000" ? `${name}/` : String(name));
    return this.writeRawTree(entries.sort((a, b) => Buffer.compare(Buffer.from(key(a)), Buffer.from(key(b)))));
  }

  /** Writes a tree as it is given, in that order, without a check. */
  async writeRawTree(entries: readonly RawTreeEntry[]): Promise<string> {
    const bytes = entries.flatMap(({ mode, name, hash }) => [Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(hash, "hex")]);
    return this.objects.write({ type: "tree", bytes: Buffer.concat(bytes) });
  }

  async writeBlob(content: string | Uint8Array): Promise<string> {
    return this.objects.write({ type: "blob", bytes: Buffer.from(content) });
  }

  /** Tags a commit; with a message, by a tag object. Returns the hash that the tag points to. */
  async tag(name: string, commit: string, message?: string): Promise<string> {
    const target =
      message === undefined
        ? commit
        : await this.objects.write({
            type: "tag",
            bytes: Buffer.from(`object ${commit}\ntype commit\ntag ${name}\ntagger Ann Author <ann@example.com> 1700000000 +0000\n\n${message}`),
          });
    await this.setRef(`refs/tags/${name}`, target);
    return target;
  }

  /** Points a ref somewhere, wherever it was; undefined removes it. */
  async setRef(name: string, hash: string | undefined): Promise<void> {
    await this.refs.update(name, (await this.refs.resolve(name)) ?? NO_HASH, hash ?? NO_HASH);
  }

  async remove(): Promise<void> {
    await rm(dirname(this.folder), { recursive: true, force: true });
  }

  async #writeFile(name: string, file: TestFile): Promise<RawTreeEntry> {
    const isPlain = typeof file === "string" || file instanceof Uint8Array;
    return { mode: isPlain ? "100644" : file.mode, name, hash: await this.writeBlob(isPlain ? file : file.content) };
  }
}

/** Makes an empty bare repository in a new temporary folder; its HEAD names the branch `main`. */
export async function createTestRepository(): Promise<TestRepository> {
  const folder = join(await mkdtemp(join(tmpdir(), "plumb-git-")), "repository.git");
  await mkdir(join(folder, "objects", "pack"), { recursive: true });
  await mkdir(join(folder, "refs", "heads"), { recursive: true });
  await writeFile(join(folder, "HEAD"), "ref: refs/heads/main\n");
  await writeFile(join(folder, "config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
  return new TestRepository(folder);
}
