import type { YamlNode } from "@plumb/yaml";
import { invalid } from "./build-error.ts";
import type { BuildLimits } from "./build-limits.ts";

/** What copying has added to what a build has read. A few lines can ask for copies of copies, more than any machine holds. */
export class Growth {
  readonly #limits: BuildLimits;
  #nodes = 0;
  #characters = 0;

  constructor(limits: BuildLimits) {
    this.#limits = limits;
  }

  /** To be called before nodes are copied. @throws {ToolkitError} `invalid`, naming the limit */
  add(nodes: number, characters: number): void {
    this.#nodes += nodes;
    this.#characters += characters;
    const { maxCopiedNodes, maxCopiedCharacters } = this.#limits;
    if (this.#nodes > maxCopiedNodes) throw invalid(`the build copies more than ${maxCopiedNodes} values (limit maxCopiedNodes)`);
    if (this.#characters > maxCopiedCharacters) throw invalid(`the build copies more than ${maxCopiedCharacters} characters (limit maxCopiedCharacters)`);
  }

  /** To be called before a node is copied with all that is in it. */
  addNode({ value, content }: YamlNode): void {
    this.add(1, value.length);
    for (const child of content) this.addNode(child);
  }
}
