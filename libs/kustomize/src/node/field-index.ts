import type { YamlNode } from "@plumb/yaml";
import { putField, setField, type Maybe } from "./fields.ts";

/** The fields of a mapping by their names, of a name that stands twice the first: found in the same time however many there are. */
export class FieldIndex {
  readonly #node: Maybe;
  /** Where the key stands among the content. */
  readonly #places = new Map<string, number>();
  readonly #removed = new Set<number>();

  constructor(node: Maybe) {
    this.#node = node;
    if (node?.kind !== "mapping") return;
    for (let i = 0; i < node.content.length; i += 2) {
      const name = node.content[i]?.value ?? "";
      if (!this.#places.has(name)) this.#places.set(name, i);
    }
  }

  get names(): Iterable<string> {
    return this.#places.keys();
  }

  key(name: string): Maybe {
    const at = this.#places.get(name);
    return at === undefined ? undefined : this.#node?.content[at];
  }

  value(name: string): Maybe {
    const at = this.#places.get(name);
    return at === undefined ? undefined : this.#node?.content[at + 1];
  }

  /** As `setField`, once for a name; what is removed goes with `end`. */
  set(name: string, value: Maybe, { keepNull = false, keyStyle = 0 }: { readonly keepNull?: boolean; readonly keyStyle?: number } = {}): void {
    if (this.#node?.kind !== "mapping") setField(this.#node, name, value, { keepNull, keyStyle });
    else if (value !== undefined && (value.tag !== "!!null" || keepNull)) putField(this.#node, this.value(name), name, value, keyStyle);
    else {
      const at = this.#places.get(name);
      if (at !== undefined) this.#removed.add(at);
    }
  }

  end(): void {
    if (this.#node === undefined || this.#removed.size === 0) return;
    this.#node.content = this.#node.content.filter((_, i) => !this.#removed.has(i - (i % 2)));
  }
}

/** Sets fields of different names, as `setField` does one after the other. */
export function setFields(node: Maybe, entries: Iterable<readonly [name: string, value: YamlNode]>): void {
  const index = new FieldIndex(node);
  for (const [name, value] of entries) index.set(name, value);
  index.end();
}
