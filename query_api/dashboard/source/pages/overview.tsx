// The first page: what there is, what moves, what waits, and what is wrong; live.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { scaleOf } from "../currencies";
import { big, type Minor } from "../exact";
import { overview as streamed, showOverview } from "../live";
import { formatCount, formatMinor, formatMoney, toPixels } from "../money";
import { Lines } from "../parts/chart";
import { Amount, Badge, Moment, Position } from "../parts/figures";
import { Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { Table, type Column } from "../parts/table";
import { pageOf } from "../places";
import { useQuery } from "../query";
import { hrefOf } from "../router";
import { may } from "../session";
import type { Alert, CurrencyBalances, MinuteVolume, Overview, PaymentFigures, PaymentPage } from "../shapes";
import { useStore } from "../store";
import { formatSeconds } from "../time";
import { labelOf, plural, statusOf, type Tone } from "../words";
import { columnsOfPayments } from "./payments";

const NEWEST_PAYMENTS = 8;

export function OverviewPage() {
  const answer = useQuery<Overview>("/v1/overview");
  const live = useStore(streamed);
  useEffect(() => {
    if (answer.data && !streamed.get()) showOverview(answer.data);
  }, [answer.data]);
  const shown = { ...answer, data: live ?? answer.data };
  return (
    <Page title="Overview" asOf={shown.data && asOfOf(shown.data)}>
      <Answered answer={shown} lines={10}>
        {(data) => <Body of={data} />}
      </Answered>
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
      {of.alerts.length > 0 && <Alerts of={of.alerts} />}
      <Tiles of={of} />
      <div class="columns is-wide-left">
        <Volume of={of} />
        <Panel title="Payments by status">
          {of.payments ? <ByStatus of={of.payments.by_status} /> : <Away what="Redis" />}
        </Panel>
      </div>
      <div class="columns is-wide-left">
        <Panel title="Balances by currency" aside={<PartAt at={of.positions["lake"]} />}>
          {of.balances ? <Balances of={of.balances} /> : <Away what="The lake" />}
        </Panel>
        <Panel title="Read models">
          <Lag of={of} />
        </Panel>
      </div>
    </>
  );
}

// The parts come from different read models: each says where it is.
function PartAt({ at }: { at: number | null | undefined }) {
  return at ? (
    <span class="quiet">
      as of <Position at={at} />
    </span>
  ) : null;
}

function Away({ what }: { what: string }) {
  return (
    <Empty icon="clock" title={`${what} does not answer`}>
      The figures come back by themselves.
    </Empty>
  );
}

function Tile({
  title,
  href,
  tone,
  children,
  note,
}: {
  title: string;
  href?: string;
  tone?: Tone;
  children: ComponentChildren;
  note?: ComponentChildren;
}) {
  const inside = (
    <>
      <span class="tile-title">{title}</span>
      <span class={`tile-figure${tone ? ` is-${tone}` : ""}`}>{children}</span>
      {note && <span class="tile-note">{note}</span>}
    </>
  );
  return href ? (
    <a class="tile" href={href}>
      {inside}
    </a>
  ) : (
    <div class="tile">{inside}</div>
  );
}

const VOLUME_TILES_MAX = 2;

function Tiles({ of }: { of: Overview }) {
  const { payments } = of;
  const most = [...(of.volume?.today ?? [])]
    .sort((one, other) => other.transfers - one.transfers)
    .slice(0, VOLUME_TILES_MAX);
  const queue = (name: string) => hrefOf("/queues", { tab: name === "review" ? undefined : name });
  return (
    <div class="tiles">
      <Tile
        title="Success rate, 24 h"
        tone={rateTone(payments?.success_rate_24h)}
        note={payments && rateNote(payments)}
      >
        {percentOf(payments?.success_rate_24h)}
      </Tile>
      {most.map((one) => (
        <Tile key={one.currency} title={`${one.currency} today (UTC)`} note={plural(one.transfers, "transfer")}>
          <span class="amount">{formatMinor(one.amount_minor, one.scale)}</span>
        </Tile>
      ))}
      {payments && (
        <>
          <Tile
            title="In review"
            href={queue("review")}
            tone={payments.in_review > 0 ? "warn" : undefined}
            note="wait for a person"
          >
            {formatCount(payments.in_review)}
          </Tile>
          <Tile title="Awaiting payer" href={queue("authorisation")} note="to prove who they are">
            {formatCount(payments.awaiting)}
          </Tile>
          <Tile
            title="Parked"
            href={queue("parked")}
            tone={payments.parked > 0 ? "bad" : undefined}
            note="outcome not known"
          >
            {formatCount(payments.parked)}
          </Tile>
        </>
      )}
    </div>
  );
}

function percentOf(rate: number | null | undefined): string {
  return rate === null || rate === undefined ? "–" : `${(rate * 100).toFixed(1)} %`;
}

function rateNote(of: PaymentFigures): string {
  if (of.settled_24h === null || of.rejected_24h === null) return "the lake does not answer";
  return `${formatCount(of.settled_24h)} settled, ${formatCount(of.rejected_24h)} rejected`;
}

function rateTone(rate: number | null | undefined): Tone | undefined {
  if (rate === null || rate === undefined) return undefined;
  if (rate < 0.8) return "bad";
  return rate < 0.95 ? "warn" : "good";
}

const MINUTES_SHOWN = 60;
const MINUTE_MS = 60_000;

function Volume({ of }: { of: Overview }) {
  const currencies = [...(of.volume?.today ?? [])]
    .sort((one, other) => other.transfers - one.transfers)
    .map((one) => one.currency);
  const [chosen, setChosen] = useState<string | null>(null);
  const currency = chosen !== null && currencies.includes(chosen) ? chosen : currencies[0];
  const scale = of.volume?.today.find((one) => one.currency === currency)?.scale;
  const minutes = of.volume?.per_minute;
  const drawn = useMemo(() => (minutes && currency ? seriesOf(minutes, currency, scale) : null), [minutes, currency]);
  const choice = currencies.length > 1 && (
    <div class="segmented" role="group" aria-label="Currency">
      {currencies.map((one) => (
        <button key={one} type="button" aria-pressed={one === currency} onClick={() => setChosen(one)}>
          {one}
        </button>
      ))}
    </div>
  );
  return (
    <Panel title="Volume per minute" aside={choice} class="volume">
      {!of.volume ? (
        <Away what="The lake" />
      ) : drawn ? (
        <Lines
          label={`Volume per minute in ${currency}, the last hour`}
          at={drawn.at}
          series={drawn.series}
          height={200}
          kind="bars"
        />
      ) : (
        <Empty icon="clock" title="Nothing has moved today">
          The chart begins with the first transfer.
        </Empty>
      )}
    </Panel>
  );
}

// Minutes in which nothing moved are left out of the answer; here they are zero.
function seriesOf(minutes: MinuteVolume[], currency: string, scale?: number) {
  const found = new Map(minutes.filter((one) => one.currency === currency).map((one) => [Date.parse(one.minute), one]));
  const last = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const moments = Array.from({ length: MINUTES_SHOWN }, (_, index) => last - (MINUTES_SHOWN - 1 - index) * MINUTE_MS);
  const exact = moments.map((moment): Minor => found.get(moment)?.amount_minor ?? 0);
  return {
    at: moments.map((moment) => moment / 1000),
    series: [
      {
        name: currency,
        values: exact.map((value) => (big(value) === 0n ? null : toPixels(value, scale ?? scaleOf(currency)))),
        words: (index: number) => formatMoney(exact[index] ?? 0, currency, scale),
      },
    ],
  };
}

const TYPES = ["assets", "liabilities", "equity", "income", "expenses"] as const;

function Balances({ of }: { of: CurrencyBalances[] }) {
  const columns: Column<CurrencyBalances>[] = [
    {
      key: "currency",
      title: "Currency",
      cell: (one) => (
        <a class="row" href={hrefOf("/accounts", { currency: one.currency })}>
          {one.currency}
        </a>
      ),
    },
    ...TYPES.map((type): Column<CurrencyBalances> => ({
      key: type,
      title: labelOf(type),
      kind: "figure",
      isMinor: type !== "assets" && type !== "liabilities",
      cell: (one) => <Amount minor={one[`${type}_minor`]} scale={one.scale} isQuietAtZero />,
    })),
  ];
  if (of.length === 0)
    return (
      <Empty icon="accounts" title="No accounts yet">
        Open one with <code>POST /v1/accounts</code>.
      </Empty>
    );
  return <Table label="Balances by currency" columns={columns} rows={of} keyOf={(one) => one.currency} />;
}

function ByStatus({ of }: { of: Record<string, number> }) {
  const found = Object.entries(of)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one);
  const all = found.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return <Empty icon="payments" title="No payments yet" />;
  return (
    <ul class="shares">
      {found.map(([status, count]) => {
        const [words, tone] = statusOf(status);
        return (
          <li key={status}>
            <a href={hrefOf("/payments", { status })}>{words}</a>
            <svg viewBox="0 0 100 6" preserveAspectRatio="none" class={`share is-${tone}`} aria-hidden="true">
              <rect class="track" width="100" height="6" />
              <rect width={(count / all) * 100} height="6" />
            </svg>
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
          <span class="quiet">
            {one.events === null
              ? "not known"
              : one.events === 0
                ? "all events"
                : `${formatCount(one.events)} events behind`}
          </span>
          <Badge tone={one.seconds === null ? "plain" : one.seconds > 10 ? "bad" : one.seconds > 2 ? "warn" : "good"}>
            {one.seconds === null ? "–" : formatSeconds(one.seconds)}
          </Badge>
        </li>
      ))}
      {may("projections:read") && (
        <li class="lags-more">
          <a href={hrefOf("/projections")}>Projections and auditor</a>
        </li>
      )}
    </ul>
  );
}

function Alerts({ of }: { of: Alert[] }) {
  return (
    <ul class="alerts" aria-label="Alerts">
      {of.map((alert) => (
        <li key={alert.key} class={`alert is-${toneOf(alert.severity)}`}>
          <Badge tone={toneOf(alert.severity)}>{alert.severity}</Badge>
          <span class="alert-text">{alert.text}</span>
          {alert.since && (
            <span class="quiet">
              since <Moment at={alert.since} />
            </span>
          )}
          <a href={pageOf(alert.link)} aria-label={`Open: ${alert.text}`}>
            Open
          </a>
        </li>
      ))}
    </ul>
  );
}

function toneOf(severity: string): Tone {
  if (severity === "critical") return "bad";
  return severity === "info" ? "busy" : "warn";
}

function NewestPayments() {
  const answer = useQuery<PaymentPage>(`/v1/payments?limit=${NEWEST_PAYMENTS}`, true);
  return (
    <Panel title="Newest payments" aside={<a href={hrefOf("/payments")}>All payments</a>}>
      <Answered answer={answer}>
        {(page) =>
          page.payments.length === 0 ? (
            <Empty icon="payments" title="No payments yet">
              They appear here within a second of the book's commit.
            </Empty>
          ) : (
            <Table
              label="Newest payments"
              columns={columnsOfPayments()}
              rows={page.payments}
              keyOf={(one) => one.payment_id}
            />
          )
        }
      </Answered>
      {answer.data && (
        <p class="table-foot quiet">
          as of <Position at={answer.data.as_of.position} />
        </p>
      )}
    </Panel>
  );
}
