// The first page: what there is, what moves, what waits, and what is wrong; live.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { scaleOf } from "../currencies";
import { big, type Minor } from "../exact";
import { overview as streamed } from "../live";
import { formatCount, formatMinor, formatMoney, toPixels } from "../money";
import { Lines } from "../parts/chart";
import { Amount, Badge, Moment, Position } from "../parts/figures";
import { Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { Table, type Column } from "../parts/table";
import { useQuery } from "../query";
import { hrefOf } from "../router";
import { may } from "../session";
import type { BalanceOfCurrency, MinuteOfVolume, Overview, PaymentPage } from "../shapes";
import { useStore } from "../store";
import { formatSeconds } from "../time";
import { plural, statusOf, type Tone } from "../words";
import { columnsOfPayments } from "./payments";

const NEWEST_PAYMENTS = 8;

export function OverviewPage() {
  const answer = useQuery<Overview>("/v1/overview");
  const live = useStore(streamed);
  useEffect(() => {
    if (answer.data && !streamed.get()) streamed.set(answer.data);
  }, [answer.data]);
  const shown = { ...answer, data: live ?? answer.data };
  return (
    <Page title="Overview" asOf={shown.data && asOfOf(shown.data)}>
      <Answered answer={shown} lines={10}>{(data) => <Body of={data} />}</Answered>
      {may("payments:read") && <NewestPayments />}
    </Page>
  );
}

function asOfOf(data: Overview) {
  return { ledger: "", position: data.position, recorded_at: data.recorded_at, age_s: null, source: "read_model" };
}

function Body({ of }: { of: Overview }) {
  return (
    <>
      {of.alerts.length > 0 && <Alerts of={of} />}
      <Tiles of={of} />
      <div class="columns is-wide-left">
        <Panel title="Volume per minute" class="volume"><Volume of={of} /></Panel>
        <Panel title="Payments by status"><ByStatus of={of.payments.by_status} /></Panel>
      </div>
      <div class="columns is-wide-left">
        <Panel title="Balances by currency"><Balances of={of.balances} /></Panel>
        <Panel title="Read models behind the book"><Lag of={of} /></Panel>
      </div>
    </>
  );
}

function Tile({ title, href, tone, children, note }: {
  title: string; href?: string; tone?: Tone; children: ComponentChildren; note?: ComponentChildren;
}) {
  const inside = (
    <>
      <span class="tile-title">{title}</span>
      <span class={`tile-figure${tone ? ` is-${tone}` : ""}`}>{children}</span>
      {note && <span class="tile-note">{note}</span>}
    </>
  );
  return href ? <a class="tile" href={href}>{inside}</a> : <div class="tile">{inside}</div>;
}

function Tiles({ of }: { of: Overview }) {
  const { payments, volume } = of;
  const count = Object.values(payments.by_status).reduce((sum, one) => sum + one, 0);
  const queue = (name: string) => hrefOf("/queues", { tab: name === "review" ? undefined : name });
  return (
    <div class="tiles">
      <Tile title="Success rate, 24 h" tone={rateTone(payments.success_rate_24h)} note={`of ${plural(count, "payment")} known`}>
        {payments.success_rate_24h === null ? "–" : `${(payments.success_rate_24h * 100).toFixed(1)} %`}
      </Tile>
      {volume.today.slice(0, 2).map((one) => (
        <Tile key={one.currency} title={`Volume today, ${one.currency}`} note={countOf(one)}>
          {formatMinor(amountOf(one), one.scale ?? scaleOf(one.currency))}
        </Tile>
      ))}
      <Tile title="In review" href={queue("review")} tone={payments.in_review > 0 ? "warn" : undefined} note="wait for a person">{formatCount(payments.in_review)}</Tile>
      <Tile title="Awaiting payer" href={queue("authorisation")} note="authentication or acceptance">{formatCount(payments.awaiting)}</Tile>
      <Tile title="Parked" href={queue("parked")} tone={payments.parked > 0 ? "bad" : undefined} note="outcome not known">{formatCount(payments.parked)}</Tile>
    </div>
  );
}

function rateTone(rate: number | null): Tone | undefined {
  if (rate === null) return undefined;
  if (rate < 0.8) return "bad";
  return rate < 0.95 ? "warn" : "good";
}

// The first figure in minor units that an entry has, and a count beside it.
function amountOf(entry: Record<string, unknown>): Minor {
  const name = Object.keys(entry).find((key) => key.endsWith("_minor"));
  return name ? (entry[name] as Minor) : 0;
}

function countOf(entry: Record<string, unknown>): string | undefined {
  const name = ["transfers", "payments", "count", "entries"].find((key) => typeof entry[key] === "number");
  return name ? plural(entry[name] as number, name.replace(/s$/, ""), name === "count" ? "transfers" : name) : undefined;
}

function Volume({ of }: { of: Overview }) {
  const minutes = of.volume.per_minute;
  const { at, series } = useMemo(() => seriesOf(minutes), [minutes]);
  if (minutes.length === 0) return <Empty icon="clock" title="Nothing has moved yet">The chart begins with the first transfer.</Empty>;
  return <Lines label="Volume per minute by currency" at={at} series={series} height={212} kind="line" />;
}

function seriesOf(minutes: MinuteOfVolume[]) {
  const moments = [...new Set(minutes.map((one) => one.minute))].sort();
  const currencies = [...new Set(minutes.map((one) => String(one["currency"] ?? "")))];
  const found = new Map(minutes.map((one) => [`${one.minute} ${one["currency"] ?? ""}`, amountOf(one)]));
  const series = currencies.map((currency) => {
    const exact = moments.map((moment) => found.get(`${moment} ${currency}`) ?? 0);
    return {
      name: currency || "all",
      values: exact.map((value) => toPixels(value, scaleOf(currency))),
      words: (index: number) => formatMoney(exact[index] ?? 0, currency),
    };
  });
  return { at: moments.map((moment) => Date.parse(moment) / 1000), series };
}

const TYPES = ["assets", "liabilities", "equity", "income", "expenses", "expense"];

function Balances({ of }: { of: BalanceOfCurrency[] }) {
  const names = TYPES.map((type) => `${type}_minor`).filter((name) => of.some((one) => one[name] !== undefined));
  const others = [...new Set(of.flatMap((one) => Object.keys(one)))]
    .filter((name) => name.endsWith("_minor") && !names.includes(name));
  const columns: Column<BalanceOfCurrency>[] = [
    { key: "currency", title: "Currency", cell: (one) => <a class="row" href={hrefOf("/accounts", { currency: one.currency })}>{one.currency}</a> },
    ...[...names, ...others].map((name): Column<BalanceOfCurrency> => ({
      key: name,
      title: titleOf(name),
      kind: "figure",
      cell: (one) => <Amount minor={one[name] as Minor} scale={one.scale ?? scaleOf(one.currency)} isQuietAtZero />,
    })),
  ];
  if (of.length === 0) return <Empty icon="accounts" title="No accounts yet">Open one with <code>POST /v1/accounts</code>.</Empty>;
  return <Table label="Balances by currency" columns={columns} rows={of} keyOf={(one) => one.currency} />;
}

function titleOf(name: string): string {
  const words = name.replace(/_minor$/, "").replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function ByStatus({ of }: { of: Record<string, number> }) {
  const found = Object.entries(of).filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
  const all = found.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return <Empty icon="payments" title="No payments yet" />;
  return (
    <ul class="shares">
      {found.map(([status, count]) => {
        const [words, tone] = statusOf(status);
        return (
          <li key={status}>
            <a href={hrefOf("/payments", { status })}>{words}</a>
            <svg viewBox="0 0 100 6" preserveAspectRatio="none" class={`share is-${tone}`} aria-hidden="true"><rect class="track" width="100" height="6" /><rect width={(count / all) * 100} height="6" /></svg>
            <span class="amount">{formatCount(big(count))}</span>
          </li>
        );
      })}
    </ul>
  );
}

function Lag({ of }: { of: Overview }) {
  return (
    <ul class="lags">
      {of.lag.map((one) => (
        <li key={one.model}>
          <span>{one.model}</span>
          <span class="quiet">{one.events === null ? "not known" : one.events === 0 ? "all events" : `${formatCount(one.events)} events behind`}</span>
          <Badge tone={one.seconds === null ? "plain" : one.seconds > 10 ? "bad" : one.seconds > 2 ? "warn" : "good"}>{one.seconds === null ? "–" : formatSeconds(one.seconds)}</Badge>
        </li>
      ))}
      {may("projections:read") && <li class="lags-more"><a href={hrefOf("/projections")}>Projections and auditor</a></li>}
    </ul>
  );
}

function Alerts({ of }: { of: Overview }) {
  return (
    <ul class="alerts" aria-label="Alerts">
      {of.alerts.map((alert) => (
        <li key={alert.kind + alert.text} class={`alert is-${toneOf(alert.severity)}`}>
          <Badge tone={toneOf(alert.severity)}>{alert.severity}</Badge>
          <span class="alert-text">{alert.text}</span>
          <span class="quiet">since <Moment at={alert.since} /></span>
          {alert.link?.startsWith("/dashboard/") && <a href={alert.link}>Open</a>}
        </li>
      ))}
    </ul>
  );
}

function toneOf(severity: string): Tone {
  if (/crit|page|error|high/.test(severity)) return "bad";
  return severity === "info" ? "busy" : "warn";
}

function NewestPayments() {
  const answer = useQuery<PaymentPage>(`/v1/payments?limit=${NEWEST_PAYMENTS}`, true);
  return (
    <Panel title="Newest payments" aside={<a href={hrefOf("/payments")}>All payments</a>}>
      <Answered answer={answer}>
        {(page) => page.payments.length === 0
          ? <Empty icon="payments" title="No payments yet">They appear here within a second of the book's commit.</Empty>
          : <Table label="Newest payments" columns={columnsOfPayments()} rows={page.payments} keyOf={(one) => one.payment_id} />}
      </Answered>
      {answer.data && <p class="table-foot quiet">as of <Position at={answer.data.as_of.position} /></p>}
    </Panel>
  );
}
