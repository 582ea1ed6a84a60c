/** Which revision the run of each Kustomization that is under way, or else its last one, has worked on; before its status says so. */
export class Attempts {
  readonly #revisions = new Map<string, string>();

  begin(key: string, revision: string): void {
    this.#revisions.set(key, revision);
  }

  isAt(key: string, revision: string): boolean {
    return this.#revisions.get(key) === revision;
  }

  forget(key: string): void {
    this.#revisions.delete(key);
  }
}
