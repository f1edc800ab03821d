// The hash chain, checked from the bytes as booked: SHA-256(hash before || bytes of the event).
import { parseExact } from "./exact";
import type { EventView } from "./shapes";

export interface RawEvent {
  view: EventView;
  bytes: Uint8Array<ArrayBuffer>;
}

const MEMBER = '"event":';

// The answer holds the event byte for byte; parsing and writing it again would not.
export function readRawEvent(text: string): RawEvent {
  const at = text.indexOf(MEMBER);
  if (at < 0) throw new Error("the answer holds no event");
  const start = at + MEMBER.length;
  return { view: parseExact<EventView>(text), bytes: new TextEncoder().encode(text.slice(start, endOf(text, start))) };
}

function endOf(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  throw new Error("the event has no end");
}

export async function checkHash(raw: RawEvent): Promise<"sound" | "broken" | "unknown"> {
  if (!globalThis.crypto?.subtle) return "unknown"; // browsers offer it on https and localhost only
  const before = bytesOf(raw.view.previous_hash);
  const joined = new Uint8Array(before.length + raw.bytes.length);
  joined.set(before);
  joined.set(raw.bytes, before.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
  return hexOf(digest) === raw.view.hash ? "sound" : "broken";
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
