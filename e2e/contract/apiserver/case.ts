import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { parseExactly, type Json } from "./json.ts";

/** What is sent. Texts, object keys included, may hold placeholders. Shapes: README of `conformance/apiserver`. */
export interface CaseRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly contentType?: string;
  readonly accept?: string;
  /** Anything but a good token. */
  readonly token?: string;
  readonly body?: Json;
  readonly bodyText?: string;
  readonly bodyBase64?: string;
  readonly bodyFill?: { readonly before: string; readonly fill: string; readonly times: number; readonly after: string };
}

/** What came back when the case was recorded. */
export interface CaseResponse {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: Json;
  readonly selected?: Readonly<Record<string, Json>>;
  readonly text?: string;
  readonly warnings?: readonly string[];
  readonly message?: string;
  readonly causeMessages?: readonly string[];
}

export interface RequestStep {
  readonly request: CaseRequest;
  readonly response: CaseResponse;
  /** Set: the stream is left open under this label. */
  readonly watch?: string;
  /** Name to path, as `select.ts` reads it. */
  readonly select?: Readonly<Record<string, string>>;
  readonly compare?: "status" | "type";
  readonly poll?: boolean;
}

export interface ReadStep {
  readonly read: string;
  readonly events: readonly { readonly type: string; readonly object: Json }[];
  /** True when the server has closed the stream after these events. */
  readonly ended: boolean;
}

export interface PauseStep {
  /** Seconds. */
  readonly pause: number;
}

export type Step = RequestStep | ReadStep | PauseStep;

export interface Case {
  readonly topic: string;
  readonly name: string;
  readonly namespace: boolean;
  readonly controllers: boolean;
  readonly steps: readonly Step[];
  /** Object versions, oldest first, as placeholders. */
  readonly versions: readonly string[];
  /** Paths to DELETE afterwards. */
  readonly cleanup: readonly string[];
}

interface CaseFile {
  readonly topic: string;
  readonly cases: readonly (Omit<Case, "topic" | "namespace" | "controllers" | "versions" | "cleanup"> & Partial<Case>)[];
}

/** Where the recorded cases lie, seen from this repository. */
export const RECORDED_CASES: URL = new URL("../../../../shared/conformance/apiserver/", import.meta.url);

/** Cases of our own, recorded by `record.ts` from the same server. */
export const OWN_CASES: URL = new URL("own/", import.meta.url);

/** Reads every `*.json` of a folder, topics in the order of their names. @throws when the folder or a file cannot be read */
export async function loadCases(folder: string): Promise<readonly Case[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return files.flatMap((text) => {
    const { topic, cases } = parseExactly(text) as unknown as CaseFile; // why: the recorded format, of this repository's own making
    return cases.map((recorded) => ({ namespace: true, controllers: false, versions: [], cleanup: [], ...recorded, topic }));
  });
}
