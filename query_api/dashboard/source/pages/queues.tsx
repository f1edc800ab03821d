// What waits for somebody: payments in review, for their payer or parked; cases; and money that holds reserve.
import { ask } from "../api";
import { slowTick, tick } from "../live";
import { AccountId, Amount, Badge, Facts, Id, Moment, Status } from "../parts/figures";
import { Page, Panel, Tabs, useTab, type Tab } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { More, Table, type Column } from "../parts/table";
import { useLoad, usePages, useQuery } from "../query";
import { hrefOf } from "../router";
import { may } from "../session";
import type { AccountPage, HoldLine, HoldPage, PaymentLine, PaymentPage } from "../shapes";
import { useStore } from "../store";
import { formatSeconds } from "../time";
import { kindOf, labelOf, plural } from "../words";
import { Things } from "./settlement";

const QUEUES: Record<string, { words: string; ends: string }> = {
  review: { words: "A person decides, or two who agree.", ends: "POST /v1/payments/{id}/review" },
  authorisation: {
    words: "The payer has to prove who they are, or to accept the request.",
    ends: "POST /v1/payments/{id}/authorise",
  },
  parked: {
    words: "The rail has not answered for too long: an operator finds out what happened.",
    ends: "POST /v1/payments/{id}/resolve",
  },
};

export function QueuesPage() {
  const tabs: Tab[] = [
    { key: "review", title: "In review", count: <QueueCount name="review" /> },
    { key: "authorisation", title: "Awaiting payer", count: <QueueCount name="authorisation" /> },
    { key: "parked", title: "Parked", count: <QueueCount name="parked" /> },
    ...(may("customers:read") ? [{ key: "cases", title: "Cases" }] : []),
    ...(may("accounts:read") ? [{ key: "holds", title: "Open holds" }] : []),
  ];
  const tab = useTab(tabs);
  return (
    <Page title="Holds & reviews">
      <Tabs tabs={tabs} path="/queues" label="Queues" />
      {tab in QUEUES && <Queue key={tab} name={tab} />}
      {tab === "cases" && (
        <Panel>
          <Things kind="cases" />
        </Panel>
      )}
      {tab === "holds" && (
        <Panel>
          <OpenHolds />
        </Panel>
      )}
    </Page>
  );
}

const COUNTED_MAX = 100;

function QueueCount({ name }: { name: string }) {
  const answer = useQuery<PaymentPage>(`/v1/payments?queue=${name}&limit=${COUNTED_MAX}`, true);
  if (!answer.data) return null;
  const count = answer.data.payments.length;
  return <>{answer.data.next_cursor && count === COUNTED_MAX ? `${count}+` : count}</>;
}

function Queue({ name }: { name: string }) {
  const pages = usePages<PaymentPage>(`/v1/payments?queue=${name}&limit=${COUNTED_MAX}`, true);
  const about = QUEUES[name];
  return (
    <Panel>
      <p class="panel-lead">
        {about?.words} It ends with <code>{about?.ends}</code>.
      </p>
      <Answered answer={pages}>
        {(first) => {
          const rows = [first, ...pages.rest].flatMap((page) => page.payments);
          if (rows.length === 0) return <Empty title="Nobody waits here">New work appears by itself.</Empty>;
          return <Table label={`Queue ${name}`} columns={columnsOf()} rows={rows} keyOf={(one) => one.payment_id} />;
        }}
      </Answered>
      <More pages={pages} />
    </Panel>
  );
}

function columnsOf(): Column<PaymentLine>[] {
  const last = (one: PaymentLine) => one.events[one.events.length - 1];
  return [
    {
      key: "id",
      title: "Payment",
      cell: (one) => (
        <a class="row mono" href={hrefOf(`/payments/${one.payment_id}`)}>
          {one.payment_id}
        </a>
      ),
    },
    {
      key: "amount",
      title: "Amount",
      kind: "figure",
      cell: (one) => <Amount minor={one.amount_minor} currency={one.instructed_amount.currency} />,
    },
    {
      key: "why",
      title: "Why",
      cell: (one) =>
        one.parked
          ? labelOf(one.parked)
          : one.causes.length
            ? one.causes.map((cause) => (
                <Badge key={cause} tone="warn">
                  {labelOf(cause)}
                </Badge>
              ))
            : labelOf(last(one)?.type.replace(/^payment_/, "") ?? ""),
    },
    { key: "type", title: "Type", isMinor: true, cell: (one) => <span class="nowrap">{kindOf(one)}</span> },
    { key: "customer", title: "Customer", isMinor: true, cell: (one) => <Id of={one.customer_id} /> },
    { key: "from", title: "From", isMinor: true, cell: (one) => <AccountId of={one.debtor_account_id} /> },
    { key: "waits", title: "Waits", kind: "figure", cell: (one) => <Waiting since={last(one)?.recorded_at} /> },
  ];
}

function Waiting({ since }: { since?: string }) {
  useStore(tick);
  if (!since) return <span class="quiet">–</span>;
  const seconds = Math.max(0, (Date.now() - Date.parse(since)) / 1000);
  return (
    <time dateTime={since} title={since}>
      {formatSeconds(seconds)}
    </time>
  );
}

const SCANNED_PAGES_MAX = 4;
const HOLDING_ACCOUNTS_MAX = 40;

interface Reserved {
  holds: HoldLine[];
  isWhole: boolean;
}

// There is no list of all holds: accounts say what is held on them, and those that have something are asked.
function OpenHolds() {
  const answer = useLoad<Reserved>("open holds", readHolds, useStore(slowTick));
  return (
    <Answered answer={answer}>
      {({ holds, isWhole }) =>
        holds.length === 0 ? (
          <Empty title="Nothing is held">Every balance is available in full.</Empty>
        ) : (
          <>
            <Table label="Open holds" columns={columnsOfHolds()} rows={holds} keyOf={(one) => one.hold_id} />
            <p class="table-foot quiet">
              {plural(holds.length, "open hold")}
              {!isWhole && ", of the first accounts by id only"}.
            </p>
          </>
        )
      }
    </Answered>
  );
}

async function readHolds(signal: AbortSignal): Promise<Reserved> {
  const holding: string[] = [];
  let cursor: string | null = null;
  let isWhole = true;
  for (let page = 0; page < SCANNED_PAGES_MAX; page++) {
    const found: AccountPage = await ask<AccountPage>(
      `/v1/accounts?limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`,
      signal,
    );
    holding.push(...found.accounts.filter((one) => BigInt(one.held_minor) !== 0n).map((one) => one.account_id));
    cursor = found.next_cursor;
    if (!cursor) break;
  }
  isWhole = cursor === null && holding.length <= HOLDING_ACCOUNTS_MAX;
  const pages = await Promise.all(
    holding
      .slice(0, HOLDING_ACCOUNTS_MAX)
      .map((id) => ask<HoldPage>(`/v1/accounts/${encodeURIComponent(id)}/holds?limit=100`, signal)),
  );
  const holds = new Map(pages.flatMap((page) => page.holds).map((hold) => [hold.hold_id, hold]));
  return { holds: [...holds.values()], isWhole: isWhole && pages.every((page) => page.next_cursor === null) };
}

export function columnsOfHolds(): Column<HoldLine>[] {
  return [
    {
      key: "id",
      title: "Hold",
      cell: (one) => (
        <a class="row mono" href={hrefOf(`/holds/${one.hold_id}`)}>
          {one.hold_id}
        </a>
      ),
    },
    { key: "status", title: "Status", cell: (one) => <Status of={one.status} /> },
    { key: "legs", title: "Reserved", cell: (one) => <Legs of={one} /> },
    {
      key: "reference",
      title: "Reference",
      isMinor: true,
      cell: (one) => one.reference ?? <span class="quiet">–</span>,
    },
    { key: "expires", title: "Expires", kind: "figure", cell: (one) => <Moment at={one.expires_at} /> },
  ];
}

function Legs({ of }: { of: HoldLine }) {
  return (
    <ul class="values">
      {of.legs.map((leg, index) => (
        <li key={index}>
          <Amount minor={leg.remaining_minor} currency={leg.currency} /> <span class="quiet">from</span>{" "}
          <AccountId of={leg.debit_account_id} /> <span class="quiet">to</span> <AccountId of={leg.credit_account_id} />
        </li>
      ))}
    </ul>
  );
}

export function HoldPage({ id }: { id: string }) {
  const answer = useQuery<HoldLine & { as_of: HoldPage["as_of"] }>(`/v1/holds/${encodeURIComponent(id)}`, true);
  return (
    <Page
      title={id}
      back={{ href: hrefOf("/queues", { tab: "holds" }), title: "Open holds" }}
      asOf={answer.data?.as_of}
    >
      <Answered answer={answer}>
        {(hold) => (
          <div class="columns">
            <Panel title="Legs" aside={<Status of={hold.status} />}>
              <Legs of={hold} />
              <Facts of={{ reference: hold.reference, expires_at: hold.expires_at }} />
            </Panel>
            <Panel title="Events">
              <Steps of={hold} />
            </Panel>
          </div>
        )}
      </Answered>
    </Page>
  );
}

function Steps({ of }: { of: HoldLine }) {
  return (
    <ol class="timeline">
      {of.events.map((step) => (
        <li key={step.position} class="step is-plain">
          <div class="step-head">
            <span class="step-title">{labelOf(step.type)}</span>
            <span class="step-when">
              <Moment at={step.recorded_at} />
            </span>
          </div>
          <p class="step-who quiet">
            <a class="mono" href={hrefOf(`/audit/${step.position}`)}>
              #{step.position}
            </a>
          </p>
        </li>
      ))}
    </ol>
  );
}
