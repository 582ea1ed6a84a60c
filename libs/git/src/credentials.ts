/** How a request to a Git server proves who it is. */
export type GitCredentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** A remote's address without the user in it, and the credentials to use: those given, else the user of the address. */
export function splitCredentials(address: string, given: GitCredentials | undefined): { readonly url: URL; readonly authorization: string | undefined } {
  const url = new URL(address);
  const user = url.username === "" ? undefined : { kind: "basic" as const, username: decoded(url.username), password: decoded(url.password) };
  url.username = "";
  url.password = "";
  const credentials = given ?? user;
  return { url, authorization: credentials === undefined ? undefined : header(credentials) };
}

/** Whether what is meant for `home` may be shown to `url`, where a redirect led: the same host, and never in the clear instead of TLS. */
export function mayCarryCredentials(home: URL, url: URL): boolean {
  const isDowngrade = home.protocol === "https:" && url.protocol !== "https:";
  return home.hostname === url.hostname && home.port === url.port && !isDowngrade;
}

function header(credentials: GitCredentials): string {
  if (credentials.kind === "bearer") return `Bearer ${credentials.token}`;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
