import { setTimeout as delay } from "node:timers/promises";

import type { Case, CaseResponse, ReadStep, RequestStep, Step } from "./case.ts";
import { Client, type Answer, type EventStream, type Target } from "./client.ts";
import { compareAnswer, withoutWording } from "./compare.ts";
import { isObject, parseExactly, type Json, type JsonObject } from "./json.ts";
import { Numbering } from "./numbering.ts";
import { CASE_NAMESPACE, randomId, sentOf } from "./sending.ts";
import { select } from "./select.ts";

/** No event for so long: the server has said what it had to say. */
const QUIET_MS = 700;
const POLL_MS = 100;
const POLL_LIMIT_MS = 20_000;

/**
 * Sends the requests of a case to a server and puts down what came back, in the format of the recorded cases. The answer of a
 * polled step is the one that was waited for, so it stays as it is written; every other answer and all events are replaced.
 *
 * @throws when the server does not answer, or a polled answer does not come
 */
export async function record(written: Case, target: Target, signal: AbortSignal): Promise<Case> {
  const client = new Client(target);
  const recorder = new Recorder(client, new Numbering(randomId(), target.now ?? Date.now), signal);
  try {
    return await recorder.record(written);
  } finally {
    await recorder.cleanUp(written);
    client.close();
  }
}

class Recorder {
  readonly #client: Client;
  readonly #numbering: Numbering;
  readonly #signal: AbortSignal;
  readonly #streams = new Map<string, EventStream>();

  constructor(client: Client, numbering: Numbering, signal: AbortSignal) {
    this.#client = client;
    this.#numbering = numbering;
    this.#signal = signal;
  }

  async record(written: Case): Promise<Case> {
    if (written.namespace) await this.#ask(CASE_NAMESPACE);
    const steps: Step[] = [];
    for (const step of written.steps) steps.push(await this.#step(step));
    return { ...written, steps };
  }

  async cleanUp({ namespace, cleanup }: Case): Promise<void> {
    for (const stream of this.#streams.values()) stream.close();
    for (const path of namespace ? [...cleanup, "/api/v1/namespaces/${ns}"] : cleanup) {
      await this.#client.request(sentOf({ method: "DELETE", path }, this.#numbering.bindings), this.#signal).catch(() => undefined);
    }
  }

  async #step(step: Step): Promise<Step> {
    if ("pause" in step) return await delay(step.pause * 1000, step, { signal: this.#signal });
    if ("read" in step) return this.#read(step);
    if (step.watch !== undefined) return this.#watch(step, step.watch);
    if (step.poll === true) return this.#poll(step);
    return { ...step, response: this.#responseOf(step, await this.#ask(step)) };
  }

  #ask({ request }: RequestStep): Promise<Answer> {
    return this.#client.request(sentOf(request, this.#numbering.bindings), this.#signal);
  }

  async #watch(step: RequestStep, label: string): Promise<Step> {
    const { answer, stream } = await this.#client.watch(sentOf(step.request, this.#numbering.bindings), this.#signal);
    if (stream === undefined) return { ...step, response: this.#responseOf(step, answer) };
    this.#streams.set(label, stream);
    return { ...step, response: { status: answer.status } };
  }

  async #poll(step: RequestStep): Promise<Step> {
    for (const deadline = Date.now() + POLL_LIMIT_MS; ; await delay(POLL_MS, undefined, { signal: this.#signal })) {
      const found = compareAnswer(step, await this.#ask(step), this.#numbering.bindings.copy()).filter(({ isWording }) => !isWording);
      if (found.length === 0) return step;
      if (Date.now() > deadline) throw new Error(`${step.request.path} was never as awaited: ${JSON.stringify(found)}`);
    }
  }

  async #read({ read }: ReadStep): Promise<ReadStep> {
    const stream = this.#streams.get(read);
    if (stream === undefined) throw new Error(`no watch ${read} is open`);
    const seen: Json[] = [];
    for (let fresh = await stream.read(1, false, QUIET_MS); fresh.length > 0; fresh = await stream.read(1, false, QUIET_MS)) seen.push(...fresh);
    return { read, events: seen.map((event) => this.#event(event)), ended: stream.ended };
  }

  #event(event: Json): ReadStep["events"][number] {
    if (!isObject(event) || event["object"] === undefined) throw new Error(`no event: ${JSON.stringify(event)}`);
    const { type, object } = event;
    const isStatus = isObject(object) && object["kind"] === "Status";
    return { type: String(type), object: this.#numbering.put(this.#numbering.mark(isStatus ? withoutWording(object).data : object, type === "BOOKMARK")) };
  }

  #responseOf({ compare, select: selection }: RequestStep, answer: Answer): CaseResponse {
    const { status, contentType, text } = answer;
    const body = parsed(text);
    if (compare === "status") return { status };
    if (compare === "type") return { status, contentType };
    const warnings = answer.warnings.length === 0 ? {} : { warnings: answer.warnings.map((warning) => this.#numbering.text(warning)) };
    const head = { status, contentType, ...warnings };
    if (!isObject(body)) return { ...head, text: this.#numbering.text(text) };
    if (body["kind"] === "Status") return { ...head, ...this.#status(body) };
    const marked = this.#numbering.mark(body, false);
    if (selection === undefined) return { ...head, body: this.#numbering.put(marked) };
    const names = Object.keys(selection).sort();
    const part = (name: string): Json => this.#numbering.put(select(marked, selection[name] ?? ""));
    return { ...head, selected: Object.fromEntries(names.map((name) => [name, part(name)])) };
  }

  #status(status: JsonObject): Omit<CaseResponse, "status"> {
    const { data, message, causeMessages } = withoutWording(status);
    const causes = causeMessages.map((text) => this.#numbering.text(text));
    return {
      body: this.#numbering.put(this.#numbering.mark(data, false)),
      ...(message === undefined ? {} : { message: this.#numbering.text(message) }),
      ...(causes.length === 0 ? {} : { causeMessages: causes }),
    };
  }
}

function parsed(text: string): Json | undefined {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}
