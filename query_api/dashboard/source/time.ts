// Moments with their zone, durations in the unit a person would choose.
import { createStore } from "./store";

export type Zone = "local" | "UTC";

const KEY = "bursar.zone";
export const zone = createStore<Zone>(localStorage.getItem(KEY) === "UTC" ? "UTC" : "local");

export function setZone(chosen: Zone): void {
  localStorage.setItem(KEY, chosen);
  zone.set(chosen);
}

type Style = "time" | "moment" | "minute" | "full";

const PARTS: Record<Style, Intl.DateTimeFormatOptions> = {
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  minute: { hour: "2-digit", minute: "2-digit" },
  moment: { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  full: {
    year: "numeric",
    month: "short",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  },
};
const made = new Map<string, Intl.DateTimeFormat>();

export function formatMoment(moment: string | Date, style: Style = "moment"): string {
  const date = typeof moment === "string" ? new Date(moment) : moment;
  if (Number.isNaN(date.getTime())) return String(moment);
  if (style === "moment" && isToday(date)) style = "time";
  const key = `${zone.get()} ${style}`;
  let formatter = made.get(key);
  if (!formatter) {
    const options: Intl.DateTimeFormatOptions = { ...PARTS[style], hourCycle: "h23", timeZoneName: "short" };
    if (zone.get() === "UTC") options.timeZone = "UTC";
    formatter = new Intl.DateTimeFormat("en-GB", options);
    made.set(key, formatter);
  }
  return formatter.format(date);
}

// A list of today's needs no date in every line.
function isToday(date: Date): boolean {
  const now = new Date();
  if (zone.get() === "UTC") return date.toISOString().slice(0, 10) === now.toISOString().slice(0, 10);
  return date.toDateString() === now.toDateString();
}

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

export function formatSeconds(seconds: number): string {
  if (seconds < 0.001) return "0 s";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 2 * MINUTE_S) return `${Math.round(seconds)} s`;
  if (seconds < 2 * HOUR_S) return `${Math.round(seconds / MINUTE_S)} min`;
  if (seconds < 2 * DAY_S) return `${Math.round(seconds / HOUR_S)} h`;
  return `${Math.round(seconds / DAY_S)} days`;
}

export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

export function today(): string {
  return dayOf(new Date());
}

export function daysAgo(days: number): string {
  return dayOf(new Date(Date.now() - days * DAY_S * 1000));
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
