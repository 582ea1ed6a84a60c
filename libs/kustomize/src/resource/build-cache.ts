import { hash } from "node:crypto";
import { copyNode, type YamlNode } from "@plumb/yaml";
import type { BuildLimits } from "../build-limits.ts";

/** An object of a file and the line on which it starts. */
export interface ReadObject {
  readonly node: YamlNode;
  readonly line: number;
}

interface Entry {
  readonly objects: readonly ReadObject[];
  readonly sizeBytes: number;
}

/** Bytes of heap that a node takes with its place in a parent, its text aside; measured on manifests: 99 to 139. */
const NODE_BYTES = 140;
/** Bytes of heap for a key and what belongs to an entry. */
const ENTRY_BYTES = 500;

/**
 * The objects of files that were read before, found by what is in the file: for a process that builds many overlays of one base.
 * Where a file lies plays no part, and nothing is kept that a schema has a say in, so builds of different trees may share one,
 * also at a time; each gets copies. The files that were longest not asked for go first when it is full.
 */
export class BuildCache {
  readonly #maxBytes: number;
  /** In the order of use, the latest last. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @param maxBytes of heap that it may hold, reckoned from the nodes and the text of what it remembers */
  constructor(maxBytes: number = 16 * 2 ** 20) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of heap that it holds, as reckoned; never more than it may. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The objects of a file, from an earlier reading within the same limits or by `read`. Errors are not remembered. */
  objects(bytes: Uint8Array, limits: BuildLimits, read: () => readonly ReadObject[]): readonly ReadObject[] {
    const key = `${hash("sha256", bytes, "base64")} ${Object.values(limits).join(" ")}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return copies(known.objects);
    }
    const objects = read();
    const nodes = objects.reduce((sum, { node }) => sum + countNodes(node), 0);
    const sizeBytes = ENTRY_BYTES + nodes * NODE_BYTES + bytes.byteLength;
    if (sizeBytes <= this.#maxBytes) this.#remember(key, { objects: copies(objects), sizeBytes });
    return objects;
  }

  #remember(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.sizeBytes;
    for (const [oldest, { sizeBytes }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#entries.delete(oldest);
      this.#bytes -= sizeBytes;
    }
  }
}

function countNodes({ content }: YamlNode): number {
  let count = 1;
  for (const child of content) count += countNodes(child);
  return count;
}

function copies(objects: readonly ReadObject[]): readonly ReadObject[] {
  return objects.map(({ node, line }) => ({ node: copyNode(node), line }));
}
