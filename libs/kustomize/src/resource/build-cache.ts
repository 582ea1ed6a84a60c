import { createHash } from "node:crypto";
import { copyNode, type YamlNode } from "@plumb/yaml";

/** An object of a file and the line on which it starts. */
export interface ReadObject {
  readonly node: YamlNode;
  readonly line: number;
}

interface Entry {
  readonly objects: readonly ReadObject[];
  readonly sizeBytes: number;
}

/**
 * Files that were read before, by what is in them: for a process that builds many overlays of one base. Several builds may share
 * one at a time; they get copies. The files that were longest not asked for go first when it is full.
 */
export class BuildCache {
  readonly #maxBytes: number;
  /** In the order of use, the latest last. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @param maxBytes of the files it remembers; what it keeps of them takes about twenty times as much memory */
  constructor(maxBytes: number = 16 * 2 ** 20) {
    this.#maxBytes = maxBytes;
  }

  /** The objects of a file, from an earlier reading or by `read`. Errors are not remembered. */
  objects(path: string, bytes: Uint8Array, read: () => readonly ReadObject[]): readonly ReadObject[] {
    const key = `${createHash("sha256").update(bytes).digest("base64")} ${path}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return copies(known.objects);
    }
    const objects = read();
    this.#remember(key, { objects: copies(objects), sizeBytes: bytes.byteLength });
    return objects;
  }

  #remember(key: string, entry: Entry): void {
    if (entry.sizeBytes > this.#maxBytes) return;
    this.#entries.set(key, entry);
    this.#bytes += entry.sizeBytes;
    for (const [oldest, { sizeBytes }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#entries.delete(oldest);
      this.#bytes -= sizeBytes;
    }
  }
}

function copies(objects: readonly ReadObject[]): readonly ReadObject[] {
  return objects.map(({ node, line }) => ({ node: copyNode(node), line }));
}
