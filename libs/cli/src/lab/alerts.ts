import type { SinkMessage } from "../roles/sink.ts";

/** Reads what the sink was sent. */
export class SinkReader {
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  /** How many messages there are: what comes later has this number or a higher one. */
  async mark(): Promise<number> {
    return (await this.#read(Number.MAX_SAFE_INTEGER)).next;
  }

  /** The first chat message after `mark` whose text is as wanted. */
  async find(mark: number, isWanted: (text: string) => boolean): Promise<SinkMessage | undefined> {
    const { messages } = await this.#read(mark);
    return messages.find(({ path, text }) => path === "/slack" && isWanted(text));
  }

  async #read(after: number): Promise<{ readonly next: number; readonly messages: readonly SinkMessage[] }> {
    const response = await fetch(`http://${this.#address}/messages?after=${after}`, { signal: AbortSignal.timeout(5000) });
    // why: the sink is this program's own and answers with nothing else
    return (await response.json()) as { next: number; messages: readonly SinkMessage[] };
  }
}

/** True when a message is about the object and says every part. */
export function alertAbout(text: string, object: string, parts: readonly string[]): boolean {
  return text.includes(object) && parts.every((part) => text.includes(part));
}
