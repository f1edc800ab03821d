// Amounts, moments, ids and statuses: every page shows them the same way.
import type { ComponentChildren } from "preact";
import { scaleOf } from "../currencies";
import type { Minor } from "../exact";
import { big } from "../exact";
import { formatMinor } from "../money";
import { hrefOf } from "../router";
import { useStore } from "../store";
import { formatMoment, zone } from "../time";
import { labelOf, statusOf, type Tone } from "../words";

interface AmountProps {
  minor: Minor | null | undefined;
  currency?: string;
  scale?: number;
  isQuietAtZero?: boolean;
}

export function Amount({ minor, currency, scale, isQuietAtZero }: AmountProps) {
  if (minor === null || minor === undefined) return <span class="quiet">–</span>;
  const value = big(minor);
  const figure = formatMinor(value, scale ?? (currency ? scaleOf(currency) : 0));
  const tone = value === 0n && isQuietAtZero ? " quiet" : "";
  return (
    <span class={`amount${tone}`}>
      {figure}
      {currency && <span class="currency"> {currency}</span>}
    </span>
  );
}

export function Moment({
  at,
  style = "moment",
}: {
  at: string | null | undefined;
  style?: "time" | "moment" | "minute" | "full";
}) {
  useStore(zone);
  if (!at) return <span class="quiet">–</span>;
  return (
    <time dateTime={at} title={`${formatMoment(at, "full")} · ${at}`}>
      {formatMoment(at, style)}
    </time>
  );
}

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge is-${tone}`}>{children}</span>;
}

export function Status({ of }: { of: string | null | undefined }) {
  if (!of) return <span class="quiet">–</span>;
  const [words, tone] = statusOf(of);
  return (
    <span class={`badge is-${tone}`} title={of}>
      {words}
    </span>
  );
}

export function Position({ at }: { at: number | null | undefined }) {
  if (at === null || at === undefined) return <span class="quiet">–</span>;
  return (
    <a class="mono" href={hrefOf(`/audit/${at}`)}>
      #{at.toLocaleString("en")}
    </a>
  );
}

const PAGE_OF: [RegExp, (id: string) => string][] = [
  [/^pay_\d+$/, (id) => `/payments/${id}`],
  [/^cust_\d+$/, (id) => `/things/customers/${id}`],
  [/^case_\d+/, (id) => `/things/cases/${id}`],
  [/^hold_\d+/, (id) => `/holds/${id}`],
  [/^xfer_\d+/, (id) => `/transfers/${id}`],
];

export function pathOf(id: string): string | null {
  return PAGE_OF.find(([pattern]) => pattern.test(id))?.[1](id) ?? null;
}

export function Id({ of }: { of: string | null | undefined }) {
  if (!of) return <span class="quiet">–</span>;
  const path = pathOf(of);
  return path ? (
    <a class="mono" href={hrefOf(path)}>
      {of}
    </a>
  ) : (
    <span class="mono">{of}</span>
  );
}

export function AccountId({ of }: { of: string | null | undefined }) {
  if (!of) return <span class="quiet">–</span>;
  return (
    <a class="mono account" title={of} href={hrefOf(`/accounts/${encodeURIComponent(of)}`)}>
      {of}
    </a>
  );
}

// Anything an event or a record says: ids and accounts lead on, amounts in minor units stay what they are.
export function Value({ of, name }: { of: unknown; name?: string }) {
  if (of === null || of === undefined || of === "") return <span class="quiet">–</span>;
  if (typeof of === "boolean") return <>{of ? "yes" : "no"}</>;
  if (typeof of === "number" || typeof of === "bigint") return <span class="mono">{of.toString()}</span>;
  if (typeof of === "string") {
    if (name?.endsWith("account_id")) return <AccountId of={of} />;
    if (name === "status" || name === "outcome") return <Status of={of} />;
    if (/^\d{4}-\d\d-\d\dT/.test(of)) return <Moment at={of} />;
    if (pathOf(of)) return <Id of={of} />;
    return <span class={/\s/.test(of) ? "" : "mono"}>{of}</span>;
  }
  if (Array.isArray(of)) {
    if (of.length === 0) return <span class="quiet">none</span>;
    return (
      <ul class="values">
        {of.map((item, index) => (
          <li key={index}>
            <Value of={item} name={name} />
          </li>
        ))}
      </ul>
    );
  }
  return <Facts of={of as Record<string, unknown>} />;
}

// The members of an object; amounts beside their currency when the object names one.
export function Facts({ of, without = [] }: { of: Record<string, unknown>; without?: string[] }) {
  const currency = typeof of["currency"] === "string" ? of["currency"] : undefined;
  const shown = Object.entries(of).filter(([name, value]) => !without.includes(name) && !isNothing(value));
  if (shown.length === 0) return <span class="quiet">nothing</span>;
  return (
    <dl class="facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{labelOf(name.replace(/_(minor|id)$/, ""))}</dt>
          <dd>
            {name.endsWith("_minor") && currency && isMinor(value) ? (
              <Amount minor={value} currency={currency} />
            ) : (
              <Value of={value} name={name} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

function isMinor(value: unknown): value is Minor {
  return typeof value === "number" || typeof value === "bigint";
}
