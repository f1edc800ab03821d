// Everything around a page: navigation, how current the figures are, who is there, and the banner when they are stale.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { newest, unreachableSince } from "../api";
import { helpOpen, paletteOpen } from "../keyboard";
import { live, overview } from "../live";
import { PAGES } from "../places";
import { hrefOf, usePlace } from "../router";
import { may, session, signOut } from "../session";
import { useStore } from "../store";
import { setTheme, theme, themeChoice } from "../theme";
import { formatMoment, formatSeconds, setZone, zone } from "../time";
import { Icon } from "./icons";

export function Shell({ children }: { children: ComponentChildren }) {
  const { path } = usePlace();
  const [menuOpen, setMenuOpen] = useState(false);
  useEffect(() => setMenuOpen(false), [path]);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to content
      </a>
      <aside class={`side${menuOpen ? " is-open" : ""}`} id="navigation">
        <a class="brand" href={hrefOf("/")}>
          <Mark />
          Bursar
        </a>
        <Navigation path={path} />
        <Who />
      </aside>
      {menuOpen && <button type="button" class="veil" aria-label="Close the menu" onClick={() => setMenuOpen(false)} />}
      <div class="body">
        <header class="top">
          <button
            type="button"
            class="button is-icon menu-button"
            aria-label="Menu"
            aria-expanded={menuOpen}
            aria-controls="navigation"
            onClick={() => setMenuOpen(!menuOpen)}
          >
            <Icon name="menu" />
          </button>
          <button type="button" class="finder" onClick={() => paletteOpen.set(true)}>
            <Icon name="search" />
            <span>Search or jump</span>
            <kbd>/</kbd>
          </button>
          <Pulse />
          <ThemeButton />
          <button
            type="button"
            class="button is-icon help-button"
            aria-label="Keyboard shortcuts"
            onClick={() => helpOpen.set(true)}
          >
            ?
          </button>
        </header>
        <StaleBanner />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
      <rect width="20" height="20" rx="5" />
      <path d="M6 5.5v9M6 10h4.2a2.2 2.2 0 0 1 0 4.5H6m0-9h3.6a2.2 2.2 0 0 1 0 4.5" />
    </svg>
  );
}

function Navigation({ path }: { path: string }) {
  const pages = PAGES.filter((page) => may(page.scope));
  const groups = [...new Set(pages.map((page) => page.group))];
  const isHere = (of: string) => (of === "/" ? path === "/" : path === of || path.startsWith(`${of}/`));
  return (
    <nav aria-label="Pages">
      {groups.map((group) => (
        <div key={group} class="nav-group">
          {group && <p class="nav-title">{group}</p>}
          {pages
            .filter((page) => page.group === group)
            .map((page) => (
              <a key={page.path} href={hrefOf(page.path)} aria-current={isHere(page.path) ? "page" : undefined}>
                <Icon name={page.icon} />
                {page.title}
                <kbd aria-hidden="true">g {page.key}</kbd>
              </a>
            ))}
        </div>
      ))}
    </nav>
  );
}

function Who() {
  const state = useStore(session);
  const shownZone = useStore(zone);
  if (state.kind !== "in") return null;
  const { name, tenant, ledgers, subject, hasSession } = state.session;
  return (
    <div class="who">
      <label class="zone">
        <span>Times in</span>
        <select value={shownZone} onChange={(event) => setZone(event.currentTarget.value === "UTC" ? "UTC" : "local")}>
          <option value="local">{Intl.DateTimeFormat().resolvedOptions().timeZone}</option>
          <option value="UTC">UTC</option>
        </select>
      </label>
      {subject && (
        <div class="who-row">
          <div>
            <p class="who-name" title={subject}>
              {name}
            </p>
            <p class="quiet">
              {ledgers.join(", ")} · {tenant}
            </p>
          </div>
          {hasSession && (
            <button
              type="button"
              class="button is-icon"
              aria-label="Sign out"
              title="Sign out"
              onClick={() => void signOut().catch(() => location.reload())}
            >
              <Icon name="out" />
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function ThemeButton() {
  const shown = useStore(theme);
  const choice = useStore(themeChoice);
  const next = choice === "system" ? (shown === "dark" ? "light" : "dark") : choice === "dark" ? "light" : "system";
  const icon = choice === "system" ? "screen" : choice === "dark" ? "moon" : "sun";
  return (
    <button
      type="button"
      class="button is-icon"
      aria-label={`Colours: ${choice}. Switch to ${next}`}
      title={`Colours: ${choice}`}
      onClick={() => setTheme(next)}
    >
      <Icon name={icon} />
    </button>
  );
}

// Is it live, and how far: the one sentence that every page keeps in sight.
function Pulse() {
  const state = useStore(live);
  const asOf = useStore(newest);
  const words = { off: "…", connecting: "Connecting", live: "Live", lost: "Not live", absent: "Every 5 s" }[state.kind];
  return (
    <p
      class={`pulse is-${state.kind}`}
      role="status"
      title={asOf?.recorded_at ? `newest event ${formatMoment(asOf.recorded_at, "full")}` : undefined}
    >
      <span class="dot" aria-hidden="true" />
      {words}
      {asOf && (
        <span class="mono pulse-position" aria-hidden="true" data-position={asOf.position}>
          #{asOf.position.toLocaleString("en")}
        </span>
      )}
    </p>
  );
}

const BEHIND_S = 10;
const LOST_S = 3;

function StaleBanner() {
  const state = useStore(live);
  const silent = useStore(unreachableSince);
  const snapshot = useStore(overview);
  const asOf = useStore(newest);
  useEverySecond(state.kind === "lost" || silent !== null);
  const lost = silent ?? (state.kind === "lost" ? state.since : null);
  if (lost !== null && (Date.now() - lost) / 1000 >= LOST_S) {
    const ago = formatSeconds(Math.round((Date.now() - lost) / 1000));
    return (
      <div class="banner is-warn" role="alert" data-banner="lost">
        <Icon name="alert" />
        {silent !== null ? "The query API does not answer" : "The live connection is lost"} since {ago}. Figures are as
        of{" "}
        {asOf
          ? `#${asOf.position.toLocaleString("en")}${asOf.recorded_at ? `, ${formatMoment(asOf.recorded_at, "time")}` : ""}`
          : "then"}
        ; trying again.
      </div>
    );
  }
  const behind = snapshot?.lag.filter((one) => (one.seconds ?? 0) > BEHIND_S) ?? [];
  if (behind.length === 0) return null;
  const words = behind.map((one) => `${one.model} by ${formatSeconds(one.seconds ?? 0)}`).join(", ");
  return (
    <div class="banner is-warn" role="status" data-banner="behind">
      <Icon name="clock" />
      Read models are behind the book: {words}.
    </div>
  );
}

function useEverySecond(isWanted: boolean): void {
  const [, setCount] = useState(0);
  useEffect(() => {
    if (!isWanted) return;
    const timer = setInterval(() => setCount((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, [isWanted]);
}
