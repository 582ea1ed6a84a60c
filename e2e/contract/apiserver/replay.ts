import { setTimeout as delay } from "node:timers/promises";

import type { Case, CaseRequest, ReadStep, RequestStep, Step } from "./case.ts";
import { Client, type Answer, type EventStream, type Sent, type Target } from "./client.ts";
import { compareAnswer, compareEvent, type Difference } from "./compare.ts";
import { Bindings } from "./placeholders.ts";

/** What one play of a case showed. */
export interface Replay {
  /** Empty when the server did what was recorded; wording is not among them. */
  readonly differences: readonly StepDifference[];
  /** Where only the words are others. */
  readonly wording: readonly StepDifference[];
}

export interface StepDifference extends Difference {
  /** Number of the step from 1 on, and what was sent: `3 PATCH /api/v1/…`. */
  readonly step: string;
}

export interface ReplayOptions {
  /** How long a polled answer or an event may take, milliseconds. */
  readonly patienceMs?: number;
}

/** The recordings' own patience. */
const PATIENCE_MS = 20_000;
/** How long after the last expected event no other may come; the recordings' own. */
const QUIET_MS = 350;
const POLL_MS = 100;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/**
 * Plays one recorded case and stops at the first step that differs: what follows would differ too.
 * An answer that does not come is a difference like any other. What the case made is deleted afterwards.
 *
 * @throws `cancelled` by `signal`, nothing else
 */
export async function replay(recorded: Case, target: Target, signal: AbortSignal, { patienceMs = PATIENCE_MS }: ReplayOptions = {}): Promise<Replay> {
  const client = new Client(target);
  const player = new Player(client, Bindings.of(randomId(), target.now ?? Date.now), patienceMs, signal);
  try {
    return await player.play(recorded);
  } finally {
    await player.cleanUp(recorded);
    client.close();
  }
}

/** One case under way: its bindings and its open streams. */
class Player {
  readonly #client: Client;
  readonly #bindings: Bindings;
  readonly #patienceMs: number;
  readonly #signal: AbortSignal;
  readonly #streams = new Map<string, EventStream>();

  constructor(client: Client, bindings: Bindings, patienceMs: number, signal: AbortSignal) {
    this.#client = client;
    this.#bindings = bindings;
    this.#patienceMs = patienceMs;
    this.#signal = signal;
  }

  async play({ namespace, steps, versions }: Case): Promise<Replay> {
    const wording: StepDifference[] = [];
    const all = namespace ? [NAMESPACE_STEP, ...steps] : steps;
    for (const [index, step] of all.entries()) {
      const name = `${index + (namespace ? 0 : 1)} ${describe(step)}`;
      const found = (await this.#step(step)).map((difference) => ({ ...difference, step: name }));
      wording.push(...found.filter(({ isWording }) => isWording));
      const differences = found.filter(({ isWording }) => !isWording);
      if (differences.length > 0) return { differences, wording };
    }
    return { differences: this.#versions(versions), wording };
  }

  async cleanUp({ namespace, cleanup }: Case): Promise<void> {
    for (const stream of this.#streams.values()) stream.close();
    const paths = namespace ? [...cleanup, "/api/v1/namespaces/${ns}"] : cleanup;
    for (const path of paths) {
      // What is already gone, or was never made, needs no word.
      await this.#client.request(this.#sent({ method: "DELETE", path }), this.#signal).catch(() => undefined);
    }
  }

  async #step(step: Step): Promise<readonly Difference[]> {
    try {
      if ("pause" in step) return await delay(step.pause * 1000, [], { signal: this.#signal });
      if ("read" in step) return await this.#read(step);
      if (step.watch !== undefined) return await this.#watch(step, step.watch);
      return step.poll === true ? await this.#poll(step) : compareAnswer(step, await this.#request(step), this.#bindings);
    } catch (thrown) {
      this.#signal.throwIfAborted();
      return [{ at: "answer", expected: undefined, actual: String(thrown), isWording: false }];
    }
  }

  async #poll(step: RequestStep): Promise<readonly Difference[]> {
    for (const deadline = Date.now() + this.#patienceMs; ; await delay(POLL_MS, undefined, { signal: this.#signal })) {
      const attempt = this.#bindings.copy();
      const found = compareAnswer(step, await this.#request(step), attempt);
      const isMatch = found.every(({ isWording }) => isWording);
      if (isMatch) this.#bindings.adopt(attempt);
      if (isMatch || Date.now() > deadline) return found;
    }
  }

  async #watch(step: RequestStep, label: string): Promise<readonly Difference[]> {
    const { answer, stream } = await this.#client.watch(this.#sent(step.request), this.#signal);
    if (stream !== undefined) this.#streams.set(label, stream);
    return compareAnswer(step, answer, this.#bindings);
  }

  async #read({ read, events, ended }: ReadStep): Promise<readonly Difference[]> {
    const stream = this.#streams.get(read);
    if (stream === undefined) return [{ at: "watch", expected: read, actual: undefined, isWording: false }];
    const seen = [...(await stream.read(events.length, ended, this.#patienceMs))];
    await delay(QUIET_MS, undefined, { signal: this.#signal });
    seen.push(...(await stream.read(0, false, 0)));
    const found = seen.flatMap((actual, index) => {
      const expected = events[index];
      const at = `events/${index}`;
      return expected === undefined ? [{ at, expected: undefined, actual, isWording: false }] : compareEvent(expected, actual, at, this.#bindings);
    });
    const missing = events
      .slice(seen.length)
      .map(({ type }, index) => ({ at: `events/${seen.length + index}`, expected: type, actual: undefined, isWording: false }));
    const end = stream.ended === ended ? [] : [{ at: "ended", expected: ended, actual: stream.ended, isWording: false }];
    return [...found, ...missing, ...end];
  }

  #request({ request }: RequestStep): Promise<Answer> {
    return this.#client.request(this.#sent(request), this.#signal);
  }

  #sent(request: CaseRequest): Sent {
    const { method, path, query, contentType, accept, token } = request;
    const headers = {
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      ...(accept === undefined ? {} : { accept }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const fill = (text: string): string => this.#bindings.fill(text);
    return { method, path: query === undefined ? fill(path) : `${fill(path)}?${fill(query)}`, headers, body: this.#body(request) };
  }

  #body({ body, bodyText, bodyBase64, bodyFill }: CaseRequest): Buffer | undefined {
    if (body !== undefined) return Buffer.from(JSON.stringify(this.#bindings.fillJson(body)));
    if (bodyText !== undefined) return Buffer.from(this.#bindings.fill(bodyText));
    if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, "base64");
    if (bodyFill === undefined) return undefined;
    const { before, fill, times, after } = bodyFill;
    return Buffer.from(this.#bindings.fill(before) + fill.repeat(times) + this.#bindings.fill(after));
  }

  /** Versions grow in the order in which they were made. */
  #versions(versions: readonly string[]): readonly StepDifference[] {
    const numbers = versions.map((version) => BigInt(this.#bindings.fill(version)));
    return numbers.flatMap((number, index) => {
      const before = numbers[index - 1];
      if (before === undefined || before < number) return [];
      return [{ step: "versions", at: versions[index] ?? "", expected: `more than ${before}`, actual: String(number), isWording: false }];
    });
  }
}

const NAMESPACE_STEP: RequestStep = {
  request: {
    method: "POST",
    path: "/api/v1/namespaces",
    contentType: "application/json",
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "${ns}" } },
  },
  compare: "status",
  response: { status: 201 },
};

function describe(step: Step): string {
  if ("pause" in step) return `pause ${step.pause}`;
  if ("read" in step) return `read ${step.read}`;
  const { method, path, query } = step.request;
  return `${step.watch === undefined ? method : "WATCH"} ${path}${query === undefined ? "" : `?${query}`}`;
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => LETTERS[byte % LETTERS.length]).join("");
}

// The command line lies in main.ts; this file, the one to import, may also be run.
if (import.meta.main) void import("./main.ts");
