// What the book says as it happens: one event stream for the whole page, and what to do when it is not there.
import { newest } from "./api";
import { learnScale } from "./currencies";
import { parseExact } from "./exact";
import { may } from "./session";
import { createStore } from "./store";
import type { Overview } from "./shapes";

export type LiveState =
  | { kind: "off" } // not asked for yet
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "lost"; since: number } // it was there; the browser tries again
  | { kind: "absent" }; // this installation has none, or the role may not

export const live = createStore<LiveState>({ kind: "off" });
export const overview = createStore<Overview | null>(null);
// Grows with every change that lists should follow, at most once per TICK_MS.
export const tick = createStore(0);
// The same for what takes many questions to read, at most once per SLOW_TICK_MS.
export const slowTick = createStore(0);

const TICK_MS = 400;
const SLOW_TICK_MS = 5_000;
const SETTLED_MS = 2_000; // after the last change even slower read models have it
const POLL_MS = 5_000;
const RETRY_MS = 2_000;
const ABSENT_RETRY_MS = 60_000; // it may have been busy, not absent
const TOPICS: [string, string][] = [
  ["overview", "overview:read"],
  ["payments", "payments:read"],
  ["alerts", "overview:read"],
];

let source: EventSource | null = null;
let ticking = false;
let settling: ReturnType<typeof setTimeout> | undefined;
let slowAt = 0;
let polling: ReturnType<typeof setInterval> | undefined;

export function startLive(): void {
  if (live.get().kind !== "off") return;
  live.set({ kind: "connecting" });
  connect();
}

export function stopLive(): void {
  source?.close();
  source = null;
  clearInterval(polling);
  polling = undefined;
  live.set({ kind: "off" });
}

function connect(): void {
  const topics = TOPICS.filter(([, scope]) => may(scope)).map(([topic]) => topic);
  if (topics.length === 0) {
    live.set({ kind: "absent" });
    poll();
    return;
  }
  const stream = new EventSource(`/v1/live?topics=${topics.join()}`);
  source = stream;
  stream.onopen = () => {
    clearInterval(polling);
    polling = undefined;
    live.set({ kind: "live" });
  };
  stream.addEventListener("started", (event) => receive(event, () => undefined));
  stream.addEventListener("skipped", (event) => receive(event, () => undefined));
  stream.addEventListener("ended", (event) => renew(stream, event));
  stream.addEventListener("overview", (event) => receive(event, (data) => showOverview(data as Overview)));
  stream.addEventListener("payment", (event) => receive(event, () => undefined));
  stream.addEventListener("alert", (event) => receive(event, () => undefined));
  stream.onerror = () => lost(stream);
}

// The overview names every currency there is: from here on their amounts are written with their own scales.
export function showOverview(snapshot: Overview): void {
  for (const { currency, scale } of snapshot.balances ?? []) learnScale(currency, scale);
  overview.set(snapshot);
}

function receive(event: MessageEvent<string>, take: (data: unknown) => void): void {
  if (live.get().kind !== "live") live.set({ kind: "live" });
  take(parseExact(event.data));
  const position = Number(event.lastEventId);
  const before = newest.get();
  if (position > (before?.position ?? 0)) {
    const recorded_at = overview.get()?.recorded_at ?? before?.recorded_at ?? null;
    newest.set({ ledger: before?.ledger ?? "", position, recorded_at, age_s: null, source: "read_model" });
  }
  scheduleTick();
}

// Streams end after a while, so that the session is looked at anew; that is no loss, unless the server stops.
function renew(stream: EventSource, event: MessageEvent<string>): void {
  const { reason } = parseExact<{ reason: string }>(event.data);
  if (reason === "shutdown" || source !== stream) return;
  stream.close();
  connect();
}

// A refused stream is closed for good by the browser; a broken one is tried again by itself.
function lost(stream: EventSource): void {
  const before = live.get();
  if (stream.readyState === EventSource.CLOSED) {
    stream.close();
    if (before.kind === "connecting" || before.kind === "absent") {
      live.set({ kind: "absent" });
      poll();
      setTimeout(() => source === stream && connect(), ABSENT_RETRY_MS);
      return;
    }
    setTimeout(() => source === stream && connect(), RETRY_MS);
  }
  if (before.kind !== "lost") live.set({ kind: "lost", since: Date.now() });
  poll();
}

function poll(): void {
  polling ??= setInterval(scheduleTick, POLL_MS);
}

function scheduleTick(): void {
  if (ticking) return;
  ticking = true;
  setTimeout(() => {
    ticking = false;
    beat();
    clearTimeout(settling);
    settling = setTimeout(beat, SETTLED_MS);
  }, TICK_MS);
}

function beat(): void {
  if (document.hidden) return;
  tick.set(tick.get() + 1);
  if (Date.now() - slowAt < SLOW_TICK_MS) return;
  slowAt = Date.now();
  slowTick.set(slowTick.get() + 1);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) scheduleTick();
});
