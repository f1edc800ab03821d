// One account: terms, balance over time, statement, open holds.
import { useMemo } from "preact/hooks";
import { big } from "../exact";
import { formatMoney, toPixels } from "../money";
import { Lines } from "../parts/chart";
import { Amount, Facts, Moment, Position, Status } from "../parts/figures";
import { Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { More, Table, type Column } from "../parts/table";
import { usePages, useQuery } from "../query";
import { hrefOf, setQuery, usePlace } from "../router";
import type { AccountView, HoldPage, StatementEntry, StatementView } from "../shapes";
import { daysAgo, today } from "../time";
import { labelOf } from "../words";
import { columnsOfHolds } from "./queues";

const PERIOD_ENTRIES_MAX = 500;
const DAY_MS = 86_400_000;
const RANGES: [string, string][] = [
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "1 year"],
];

export function AccountPage({ id }: { id: string }) {
  const path = `/v1/accounts/${encodeURIComponent(id)}`;
  const account = useQuery<AccountView>(path, true);
  const segments = id.split(":").slice(0, -1);
  return (
    <Page
      title={id}
      asOf={account.data?.as_of}
      back={{
        href: hrefOf("/accounts", { prefix: segments.length ? `${segments.join(":")}:` : undefined }),
        title: segments.length ? `Accounts / ${segments.join(" / ")}` : "Accounts",
      }}
    >
      <Answered answer={account}>
        {(data) => (
          <>
            <div class="tiles">
              <div class="tile">
                <span class="tile-title">Posted</span>
                <span class="tile-figure">
                  <Amount minor={data.posted_minor} currency={data.currency} scale={data.scale} />
                </span>
                <span class="tile-note">
                  {labelOf(data.account_type)}, normal side {data.normal_side}
                </span>
              </div>
              <div class="tile">
                <span class="tile-title">Held</span>
                <span class="tile-figure">
                  <Amount minor={data.held_minor} currency={data.currency} scale={data.scale} />
                </span>
                <span class="tile-note">reserved by holds and payments under way</span>
              </div>
              <div class="tile">
                <span class="tile-title">Available</span>
                <span class="tile-figure">
                  <Amount minor={data.available_minor} currency={data.currency} scale={data.scale} />
                </span>
                <span class="tile-note">{overdraftOf(data)}</span>
              </div>
              <div class="tile">
                <span class="tile-title">Status</span>
                <span class="tile-figure">
                  <Status of={data.status} />
                </span>
                <span class="tile-note">
                  opened <Moment at={data.opened_at} />
                </span>
              </div>
            </div>
            <History id={id} currency={data.currency} scale={data.scale} />
            {big(data.held_minor) !== 0n && <Holds id={id} />}
            <div class="columns is-wide-left">
              <Statement id={id} />
              <Panel title="Terms">
                <Facts
                  of={{
                    customer_id: data.customer_id,
                    overdraft: data.overdraft,
                    currency: data.currency,
                    credit_limit_minor: data.credit_limit_minor,
                    max_balance_minor: data.max_balance_minor,
                    metadata: data.metadata,
                  }}
                />
              </Panel>
            </div>
          </>
        )}
      </Answered>
    </Page>
  );
}

function overdraftOf(of: AccountView): string {
  if (of.overdraft === "forbidden") return "may not be overdrawn";
  return of.overdraft === "limited"
    ? `credit limit ${formatMoney(of.credit_limit_minor, of.currency, of.scale)}`
    : "may be overdrawn";
}

function History({ id, currency, scale }: { id: string; currency: string; scale: number }) {
  const { query } = usePlace();
  const days = RANGES.find(([key]) => key === query.get("days"))?.[0] ?? "30";
  const from = daysAgo(Number(days) - 1);
  const path = `/v1/accounts/${encodeURIComponent(id)}/statement?from=${from}&to=${today()}&limit=${PERIOD_ENTRIES_MAX}`;
  const answer = useQuery<StatementView>(path);
  const ranges = (
    <div class="segmented" role="group" aria-label="Period">
      {RANGES.map(([key, words]) => (
        <button
          key={key}
          type="button"
          aria-pressed={key === days}
          onClick={() => setQuery({ days: key === "30" ? undefined : key })}
        >
          {words}
        </button>
      ))}
    </div>
  );
  return (
    <Panel title="Balance over time" aside={ranges}>
      <Answered answer={answer} lines={5}>
        {(data) => <BalanceChart of={data} from={from} currency={currency} scale={scale} />}
      </Answered>
    </Panel>
  );
}

function BalanceChart({
  of,
  from,
  currency,
  scale,
}: {
  of: StatementView;
  from: string;
  currency: string;
  scale: number;
}) {
  const shown = useMemo(() => balancesOf(of, from), [of, from]);
  const series = [
    {
      name: "Balance",
      values: shown.map((one) => toPixels(one.minor, scale)),
      words: (index: number) => formatMoney(shown[index]?.minor ?? 0, currency, scale),
    },
  ];
  return (
    <>
      <Lines
        label={`Balance at the end of each day since ${from}`}
        at={shown.map((one) => Date.parse(one.day) / 1000)}
        series={series}
        kind="step"
        hasDays
        height={180}
      />
      <p class="table-foot quiet">
        Opening <Amount minor={of.opening_minor} currency={currency} scale={scale} />, closing{" "}
        <Amount minor={of.closing_minor} currency={currency} scale={scale} />; by effective date
        {of.next_cursor && `; up to the first ${PERIOD_ENTRIES_MAX} entries of the period`}.
      </p>
    </>
  );
}

// The balance at the end of every day: the last entry's of the day, or the day before's.
function balancesOf(of: StatementView, from: string): { day: string; minor: bigint }[] {
  const ends = new Map<string, bigint>();
  for (const entry of of.entries) ends.set(entry.effective_date, big(entry.balance_minor));
  const last = of.next_cursor ? (of.entries[of.entries.length - 1]?.effective_date ?? today()) : today();
  const found: { day: string; minor: bigint }[] = [];
  let minor = big(of.opening_minor ?? 0);
  for (let at = Date.parse(from); at <= Date.parse(last); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    minor = ends.get(day) ?? minor;
    found.push({ day, minor });
  }
  const after = new Date(Date.parse(last) + DAY_MS).toISOString().slice(0, 10);
  return [...found, { day: after, minor }]; // so that the last day's step has a width
}

function Statement({ id }: { id: string }) {
  const pages = usePages<StatementView>(`/v1/accounts/${encodeURIComponent(id)}/statement?limit=50`, true);
  return (
    <Panel title="Statement" aside={<span class="quiet">newest first</span>}>
      <Answered answer={pages}>
        {(first) => {
          const entries = [first, ...pages.rest].flatMap((page) => page.entries);
          if (entries.length === 0) return <Empty icon="accounts" title="Nothing was booked on this account" />;
          return (
            <Table
              label="Statement"
              columns={columnsOfEntries(first)}
              rows={entries}
              keyOf={(one) => `${one.position}.${one.leg}`}
            />
          );
        }}
      </Answered>
      <More pages={pages} />
    </Panel>
  );
}

function columnsOfEntries(of: StatementView): Column<StatementEntry>[] {
  const amount = (entry: StatementEntry, side: string) =>
    entry.side === side ? <Amount minor={entry.amount_minor} scale={of.scale} /> : "";
  return [
    { key: "at", title: "Recorded", cell: (one) => <Moment at={one.recorded_at} /> },
    {
      key: "id",
      title: "What",
      cell: (one) => (
        <>
          <a class="row mono" href={hrefOf(`/transfers/${one.id}`)}>
            {one.id}
          </a>
          {one.reference && (
            <span class="reference quiet" title={one.reference}>
              {one.reference}
            </span>
          )}
        </>
      ),
    },
    { key: "day", title: "Effective", isMinor: true, cell: (one) => <span class="mono">{one.effective_date}</span> },
    { key: "debit", title: "Debit", kind: "figure", cell: (one) => amount(one, "debit") },
    { key: "credit", title: "Credit", kind: "figure", cell: (one) => amount(one, "credit") },
    {
      key: "balance",
      title: `Balance, ${of.currency}`,
      kind: "figure",
      cell: (one) => <Amount minor={one.balance_minor} scale={of.scale} />,
    },
    { key: "position", title: "Event", kind: "figure", isMinor: true, cell: (one) => <Position at={one.position} /> },
  ];
}

function Holds({ id }: { id: string }) {
  const pages = usePages<HoldPage>(`/v1/accounts/${encodeURIComponent(id)}/holds?limit=50`, true);
  return (
    <Panel title="Open holds">
      <Answered answer={pages} lines={2}>
        {(first) => {
          const holds = [first, ...pages.rest].flatMap((page) => page.holds);
          return <Table label="Open holds" columns={columnsOfHolds()} rows={holds} keyOf={(one) => one.hold_id} />;
        }}
      </Answered>
      <More pages={pages} />
    </Panel>
  );
}
