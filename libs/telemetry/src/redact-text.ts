import { redactUrls } from "@plumb/std";

const HEADER = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const PRIVATE_KEY = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g;
const WEB_TOKEN = /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*/g;
const SECRET_FIELD = /(password|passwd|secret|token|credential|authorization|private.?key)$/i;
/** Longer texts are cut: a log line is no place for a body. */
const MAX_LENGTH = 16_384;

/** Cuts what is known to be a credential out of a text: in URLs, authorization headers, JSON web tokens and private keys. */
export function redactText(text: string): string {
  const redacted = redactUrls(text).replace(HEADER, "$1 REDACTED").replace(PRIVATE_KEY, "-----BEGIN $1----- REDACTED").replace(WEB_TOKEN, "REDACTED");
  return redacted.length > MAX_LENGTH ? `${redacted.slice(0, MAX_LENGTH)}…` : redacted;
}

/** As `redactText` for the value of a field, which goes whole if the field's name says that it is a secret. */
export function redactField(name: string, text: string): string {
  return SECRET_FIELD.test(name) ? "REDACTED" : redactText(text);
}
