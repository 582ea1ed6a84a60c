import { READY, type Receiver } from "@plumb/api";
import { toToolkitError, type Log } from "@plumb/std";
import { requestReconciles, type AnnotateOptions } from "./annotate.ts";
import { refusalOfHook } from "./authenticate.ts";
import { Coalesce } from "./coalesce.ts";
import type { Tokens } from "./tokens.ts";
import type { Answer, WebRequest } from "../web/web-server.ts";

export interface ReceiverHandlerOptions extends AnnotateOptions {
  /** The Receiver whose status names this path, query and all. */
  readonly receiverAt: (path: string) => Receiver | undefined;
  readonly tokens: Tokens;
  readonly log: Log;
}

/** Answers one web-hook request (N-025). The path is a secret and never logged. */
export class ReceiverHandler {
  readonly #options: ReceiverHandlerOptions;
  readonly #requests = new Coalesce<number>();

  constructor(options: ReceiverHandlerOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async answer({ target, headers, body }: WebRequest, signal: AbortSignal): Promise<Answer> {
    if (body === undefined) return { status: 413 };
    const receiver = this.#options.receiverAt(target);
    if (receiver === undefined) return { status: 404 };
    const { namespace = "", name, uid } = receiver.metadata;
    const log = this.#options.log.with({ receiver: `${namespace}/${name}` });
    if (receiver.spec.suspend ?? false) return refused(log, 503, "receiver is suspended");
    if (!isReady(receiver)) return refused(log, 503, "receiver is not ready");
    try {
      const refusal = refusalOfHook(receiver.spec, await this.#options.tokens.get(receiver, signal), { headers, body });
      if (refusal !== undefined) return refused(log, 400, refusal);
    } catch (thrown) {
      const { kind, message } = toToolkitError(thrown);
      return refused(log, kind === "missing" || kind === "invalid" ? 400 : 503, message);
    }
    const failures = await this.#requests.run(uid, () => this.#request(receiver, log, signal));
    return { status: failures === 0 ? 200 : 500 };
  }

  async #request(receiver: Receiver, log: Log, signal: AbortSignal): Promise<number> {
    const errors = await requestReconciles(receiver, { ...this.#options, log }, signal);
    for (const { message } of errors) log.error("unable to request reconciliation", { error: message });
    return errors.length;
  }
}

function refused(log: Log, status: number, because: string): Answer {
  log.info("web-hook request refused", { status, because });
  return { status };
}

function isReady({ status }: Receiver): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === READY && condition.status === "True");
}
