import { RECEIVER, STALLED, type Receiver, type ReceiverStatus, type Notice } from "@plumb/api";
import { isForbidden } from "@plumb/kube";
import type { ControlledKind, Failure, Reconciler, Report, Run, Tools, Verdict } from "@plumb/runtime";
import { formatDuration, parseDurationMs, type ToolkitError } from "@plumb/std";
import type { CanGet } from "../provider/secret-data.ts";
import { defectOf } from "./plan.ts";
import { readToken, type Tokens } from "./tokens.ts";
import { webhookPath } from "./webhook-path.ts";

export const RECEIVER_KIND: ControlledKind = {
  resource: RECEIVER,
  kind: RECEIVER.kind,
  apiVersion: "notification.toolkit.fluxcd.io/v1",
  isFinalized: true,
  hasStatus: true,
  fieldManager: "notification-controller",
};

/** The token of a Receiver that can be served; undefined for one that cannot. */
interface Seen {
  readonly token: string | undefined;
}

/** Where requests will come in. */
interface Plan {
  readonly path: string;
}

const DEFAULT_INTERVAL = "10m";

/** Gives a Receiver its path (N-003); it writes nothing but status. */
export class ReceiverReconciler implements Reconciler<Receiver, Seen, Plan, void, ReceiverStatus> {
  readonly #client: CanGet;
  readonly #tokens: Tokens;

  constructor(client: CanGet, tokens: Tokens) {
    this.#client = client;
    this.#tokens = tokens;
  }

  async observe(receiver: Receiver, { signal }: Tools<ReceiverStatus>): Promise<Seen> {
    if (defectOf(receiver) !== undefined) return { token: undefined };
    const token = await readToken(this.#client, receiver, signal);
    this.#tokens.remember(receiver, token);
    return { token };
  }

  plan(receiver: Receiver, { token }: Seen): Verdict<Plan, ReceiverStatus> {
    const defect = defectOf(receiver);
    if (defect !== undefined) return { kind: "halt", report: stalled(receiver, defect) };
    return { kind: "proceed", plan: { path: webhookPath(token ?? "", receiver) } };
  }

  /** The path in status is all there is to do. */
  act(): Promise<void> {
    return Promise.resolve();
  }

  report(receiver: Receiver, { plan }: Run<Seen, Plan, void>): Report<ReceiverStatus> {
    return initialized(receiver, plan.path);
  }

  explain(_receiver: Receiver, { error }: Failure<Seen>): Report<ReceiverStatus> {
    return {
      outcome: { kind: "failed", reason: "TokenNotFound", error },
      status: hasNoToken(error) ? { webhookPath: undefined } : {},
      conditions: {},
      notices: [{ severity: "error", reason: "Failed", message: error.message }],
    };
  }

  remove(): Promise<{ kind: "removed"; notices: readonly Notice[] }> {
    return Promise.resolve({ kind: "removed", notices: [] });
  }
}

/** True for a failure that says that there is no token, not that it cannot be read just now. */
function hasNoToken(error: ToolkitError): boolean {
  return error.kind === "missing" || error.kind === "invalid" || isForbidden(error);
}

function initialized(receiver: Receiver, path: string): Report<ReceiverStatus> {
  const nextInMs = parseDurationMs(receiver.spec.interval ?? DEFAULT_INTERVAL);
  const isNews = receiver.status?.webhookPath !== path || receiver.status.observedGeneration !== receiver.metadata.generation;
  const message = `Reconciliation finished, next run in ${formatDuration(nextInMs)}`;
  return {
    outcome: { kind: "settled", reason: "Succeeded", message: `Receiver initialized for path: ${path}`, nextInMs },
    status: { webhookPath: path },
    conditions: {},
    notices: [{ severity: "info", reason: "Succeeded", message, isQuiet: !isNews }],
  };
}

function stalled(receiver: Receiver, { reason, message }: { readonly reason: string; readonly message: string }): Report<ReceiverStatus> {
  const isKnown = (receiver.status?.conditions ?? []).some((condition) => condition.type === STALLED && condition.message === message);
  return {
    outcome: { kind: "stalled", reason, message },
    status: { webhookPath: undefined },
    conditions: {},
    notices: isKnown ? [] : [{ severity: "error", reason, message }],
  };
}
