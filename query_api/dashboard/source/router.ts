// Addresses below /dashboard/: real paths, so that a page can be reloaded, bookmarked and sent to a colleague.
import { createStore, useStore } from "./store";

export const ROOT = "/dashboard";

export interface Place {
  path: string;
  query: URLSearchParams;
}

function here(): Place {
  const path = location.pathname.slice(ROOT.length).replace(/\/+$/, "") || "/";
  return { path, query: new URLSearchParams(location.search) };
}

const place = createStore<Place>(here());
addEventListener("popstate", () => place.set(here()));

export function usePlace(): Place {
  return useStore(place);
}

export function hrefOf(path: string, query?: Record<string, string | undefined>): string {
  const given = Object.entries(query ?? {}).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const search = new URLSearchParams(given).toString();
  return ROOT + (path === "/" ? "/" : path) + (search ? `?${search}` : "");
}

let navigated = false;

// Whether this page was reached from another one of ours: the first one leaves the focus to the skip link.
export function hasNavigated(): boolean {
  return navigated;
}

export function navigate(href: string, how: "push" | "replace" = "push"): void {
  if (how === "replace") history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  const before = place.get().path;
  place.set(here());
  if (before !== place.get().path) {
    navigated = true;
    scrollTo(0, 0);
  }
}

// Plain clicks on our own links change the page in place; everything else is the browser's.
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.pathname !== ROOT && !link.pathname.startsWith(`${ROOT}/`)) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

export function setQuery(changes: Record<string, string | undefined>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const search = query.toString();
  navigate(location.pathname + (search ? `?${search}` : ""), "replace");
}
