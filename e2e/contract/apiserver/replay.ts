import { setTimeout as delay } from "node:timers/promises";

import type { Case, ReadStep, RequestStep, Step } from "./case.ts";
import { Client, type Answer, type EventStream, type Target } from "./client.ts";
import { compareAnswer, compareEvent, type Difference } from "./compare.ts";
import { isOrderOfSeconds, withoutOwnerOrder } from "./owner-order.ts";
import { Bindings } from "./placeholders.ts";
import { CASE_NAMESPACE, randomId, sentOf } from "./sending.ts";

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
  /** Takes the owners of fields in any order: it depends on the second of each write, which a slow machine may cross. */
  readonly ownersInAnyOrder?: boolean;
  /** Plays on after a step that differs, to find what else does. */
  readonly goesOn?: boolean;
}

/** The recordings' own patience. */
const PATIENCE_MS = 20_000;
/** How long after the last expected event no other may come; the recordings' own. */
const QUIET_MS = 350;
const POLL_MS = 100;

/**
 * Plays one recorded case and stops at the first step that differs, unless asked to go on: what follows may differ for that alone.
 * An answer that does not come is a difference like any other. What the case made is deleted afterwards.
 *
 * @throws `cancelled` by `signal`, nothing else
 */
export async function replay(
  recorded: Case,
  target: Target,
  signal: AbortSignal,
  { patienceMs = PATIENCE_MS, goesOn = false, ownersInAnyOrder = false }: ReplayOptions = {},
): Promise<Replay> {
  const client = new Client(target);
  const player = new Player(client, Bindings.of(randomId(), target.now ?? Date.now), { patienceMs, ownersInAnyOrder }, signal);
  try {
    return await player.play(recorded, goesOn);
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
  readonly #ownersInAnyOrder: boolean;
  readonly #signal: AbortSignal;
  readonly #streams = new Map<string, EventStream>();

  constructor(client: Client, bindings: Bindings, { patienceMs, ownersInAnyOrder }: Required<Omit<ReplayOptions, "goesOn">>, signal: AbortSignal) {
    this.#client = client;
    this.#bindings = bindings;
    this.#patienceMs = patienceMs;
    this.#ownersInAnyOrder = ownersInAnyOrder;
    this.#signal = signal;
  }

  async play({ namespace, steps, versions }: Case, goesOn: boolean): Promise<Replay> {
    const wording: StepDifference[] = [];
    const differences: StepDifference[] = [];
    const all = namespace ? [CASE_NAMESPACE, ...steps] : steps;
    for (const [index, step] of all.entries()) {
      const name = `${index + (namespace ? 0 : 1)} ${describe(step)}`;
      const found = (await this.#step(step)).map((difference) => ({ ...difference, step: name }));
      wording.push(...found.filter(({ isWording }) => isWording));
      differences.push(...found.filter(({ isWording }) => !isWording));
      if (differences.length > 0 && !goesOn) return { differences, wording };
    }
    return { differences: differences.length > 0 ? differences : this.#versions(versions), wording };
  }

  async cleanUp({ namespace, cleanup }: Case): Promise<void> {
    for (const stream of this.#streams.values()) stream.close();
    const paths = namespace ? [...cleanup, "/api/v1/namespaces/${ns}"] : cleanup;
    for (const path of paths) {
      // What is already gone, or was never made, needs no word.
      await this.#client.request(sentOf({ method: "DELETE", path }, this.#bindings), this.#signal).catch(() => undefined);
    }
  }

  async #step(step: Step): Promise<readonly Difference[]> {
    try {
      if ("pause" in step) return await delay(step.pause * 1000, [], { signal: this.#signal });
      if ("read" in step) return await this.#read(step);
      if (step.watch !== undefined) return await this.#watch(step, step.watch);
      return step.poll === true ? await this.#poll(step) : this.#compare(step, await this.#request(step));
    } catch (thrown) {
      this.#signal.throwIfAborted();
      return [{ at: "answer", expected: undefined, actual: String(thrown), isWording: false }];
    }
  }

  #compare(step: RequestStep, answer: Answer): readonly Difference[] {
    const attempt = this.#bindings.copy();
    const found = compareAnswer(step, answer, attempt);
    if (found.some(({ isWording }) => !isWording) && (this.#ownersInAnyOrder || isOrderOfSeconds(answer)))
      return compareAnswer(...withoutOwnerOrder(step, answer), this.#bindings);
    this.#bindings.adopt(attempt);
    return found;
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
    const { answer, stream } = await this.#client.watch(sentOf(step.request, this.#bindings), this.#signal);
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
    return this.#client.request(sentOf(request, this.#bindings), this.#signal);
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

function describe(step: Step): string {
  if ("pause" in step) return `pause ${step.pause}`;
  if ("read" in step) return `read ${step.read}`;
  const { method, path, query } = step.request;
  return `${step.watch === undefined ? method : "WATCH"} ${path}${query === undefined ? "" : `?${query}`}`;
}

// The command line lies in main.ts; this file, the one to import, may also be run.
if (import.meta.main) void import("./main.ts");
