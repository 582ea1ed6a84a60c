export interface User {
  readonly username: string;
  readonly password: string;
}

/** The user in a URL, both empty where there is none. What is not encoded as it should be counts as it is written, as for Git. */
export function userOf({ username, password }: URL): User {
  return { username: decoded(username), password: decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value of `Authorization` and `Proxy-Authorization` for a user (RFC 7617). */
export function basicAuthorization({ username, password }: User): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
