// The frame that all pages share: heading, what it is about, how current it is.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { AsOf } from "../api";
import { hasNavigated, hrefOf, setQuery, usePlace } from "../router";
import { Moment, Position } from "./figures";

interface PageProps {
  title: string;
  lead?: ComponentChildren;
  back?: { href: string; title: string };
  aside?: ComponentChildren;
  asOf?: AsOf | null;
  children: ComponentChildren;
}

export function Page({ title, lead, back, aside, asOf, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Bursar`;
    if (hasNavigated()) heading.current?.focus({ preventScroll: true }); // so that a screen reader begins here
  }, [title]);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          {back && (
            <p class="crumb">
              <a href={back.href}>{back.title}</a>
            </p>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        <div class="page-aside">
          {aside}
          {asOf && <Dated asOf={asOf} />}
        </div>
      </header>
      {children}
    </div>
  );
}

export function Dated({ asOf }: { asOf: AsOf }) {
  return (
    <p class="dated" data-as-of={asOf.position}>
      as of <Position at={asOf.position} />
      {asOf.recorded_at && (
        <>
          , <Moment at={asOf.recorded_at} style="time" />
        </>
      )}
    </p>
  );
}

interface PanelProps {
  title?: ComponentChildren;
  aside?: ComponentChildren;
  class?: string;
  id?: string;
  children: ComponentChildren;
}

export function Panel({ title, aside, class: kind = "", id, children }: PanelProps) {
  return (
    <section class={`panel ${kind}`} id={id}>
      {title && (
        <header class="panel-head">
          <h2>{title}</h2>
          {aside && <div class="panel-aside">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export interface Tab {
  key: string;
  title: string;
  count?: ComponentChildren;
}

// Tabs are addresses: `?tab=...`; the first is the one without.
export function Tabs({ tabs, path, label }: { tabs: Tab[]; path: string; label: string }) {
  const chosen = useTab(tabs);
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab, index) => (
        <a
          key={tab.key}
          href={hrefOf(path, { tab: index === 0 ? undefined : tab.key })}
          aria-current={tab.key === chosen ? "page" : undefined}
        >
          {tab.title}
          {tab.count !== undefined && tab.count !== null && <span class="count">{tab.count}</span>}
        </a>
      ))}
    </nav>
  );
}

export function useTab(tabs: Tab[]): string {
  const wanted = usePlace().query.get("tab");
  return tabs.find((tab) => tab.key === wanted)?.key ?? tabs[0]?.key ?? "";
}

interface ChoiceProps {
  name: string;
  label: string;
  options: (string | [string, string])[];
  any?: string;
}

// A filter that lives in the address.
export function Choice({ name, label, options, any = "Any" }: ChoiceProps) {
  const value = usePlace().query.get(name) ?? "";
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
        <option value="">{any}</option>
        {options.map((option) => {
          const [key, words] = typeof option === "string" ? [option, option] : option;
          return (
            <option key={key} value={key}>
              {words}
            </option>
          );
        })}
      </select>
    </label>
  );
}
