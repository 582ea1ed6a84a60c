import type { ToolkitEvent } from "@plumb/api";
import type { TlsOptions, Proxy } from "@plumb/http";

/** What is told: the event as the Alert has completed it. */
export interface Message {
  /** Its metadata is combined already (N-015). */
  readonly event: ToolkitEvent;
  /** Metadata keys whose value the Alert's owner wrote, so that its markup is meant. */
  readonly authored: readonly string[];
}

/** A Provider with what its Secrets add. Holds credentials: never logged. */
export interface ProviderSettings {
  readonly address: string;
  readonly channel: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly tls: TlsOptions | undefined;
  readonly proxy: Proxy | undefined;
}

/** A request that tells. Headers are lower-case. */
export interface Outgoing {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the other side made of it. */
export type Verdict =
  | { readonly kind: "accepted" }
  /** Not now; later perhaps. */
  | { readonly kind: "later"; readonly message: string }
  /** Not like this; worth another try only when somebody changes the configuration. */
  | { readonly kind: "misconfigured"; readonly message: string }
  /** Never. */
  | { readonly kind: "refused"; readonly message: string };

/** One type of Provider: both functions are pure. */
export interface ProviderType {
  /** @throws {ToolkitError} `invalid` when the settings do not suffice */
  request(message: Message, settings: ProviderSettings): Outgoing;
  /** @param body the first bytes of the answer */
  verdict(status: number, body: string, request: Outgoing): Verdict;
}
