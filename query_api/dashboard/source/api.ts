// The one place that speaks HTTP: exact JSON in, problems (RFC 9457) as values that pages can show.
import { parseExact } from "./exact";
import { createStore } from "./store";

export interface AsOf {
  ledger: string;
  position: number;
  recorded_at: string | null;
  age_s: number | null;
  source: string;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly trace: string | null = null,
  ) {
    super(detail);
  }
  // The route does not exist in this installation, which is something else than a thing that is not found.
  get isAbsent(): boolean {
    return this.status === 404 && (this.code === "not_found" || this.code.startsWith("http_"));
  }
  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

const ANSWER_WITHIN_MS = 20_000;

// How far the newest answer was, and since when nothing answers.
export const newest = createStore<AsOf | null>(null);
export const unreachableSince = createStore<number | null>(null);
export const signedOut = createStore(false);
let csrfToken: string | null = null;

export function rememberCsrf(token: string | null): void {
  csrfToken = token;
}

export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, { signal });
  const found = parseExact<T & { as_of?: AsOf }>(await response.text());
  if (found && typeof found === "object" && found.as_of) noteAsOf(found.as_of);
  return found;
}

export async function tell<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (csrfToken) headers["x-csrf-token"] = csrfToken;
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await request(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return text ? parseExact<T>(text) : (undefined as T);
}

export async function request(path: string, how: RequestInit = {}): Promise<Response> {
  const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const signal = how.signal ? AbortSignal.any([how.signal, deadline]) : deadline;
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...how, signal });
  } catch (error) {
    if (how.signal?.aborted) throw error;
    if (unreachableSince.get() === null) unreachableSince.set(Date.now());
    const late = deadline.aborted ? `no answer within ${ANSWER_WITHIN_MS / 1000} s` : "the query API does not answer";
    throw new Problem(0, "unreachable", late);
  }
  unreachableSince.set(null);
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401) signedOut.set(true);
  throw problem;
}

function noteAsOf(asOf: AsOf): void {
  const before = newest.get();
  if (!before || asOf.position >= before.position) newest.set(asOf);
}

async function problemOf(response: Response): Promise<Problem> {
  const trace = response.headers.get("trace-id");
  try {
    const body = (await response.json()) as { code?: string; detail?: string };
    return new Problem(
      response.status,
      body.code ?? `http_${response.status}`,
      body.detail ?? response.statusText,
      trace,
    );
  } catch {
    return new Problem(response.status, `http_${response.status}`, response.statusText || "no reason given", trace);
  }
}
