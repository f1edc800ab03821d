// Settlement and reconciliation: what stands on the desk, one table per kind, and one page per thing.
import type { ComponentChildren } from "preact";
import type { Minor } from "../exact";
import { Amount, Facts, Moment, Position, Status, Value } from "../parts/figures";
import { Choice, Page, Panel, Tabs, useTab, type Tab } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { More, Table, type Column } from "../parts/table";
import { usePages, useQuery } from "../query";
import { hrefOf, usePlace } from "../router";
import type { ThingLine, ThingPage as Page_, ThingView } from "../shapes";
import { labelOf } from "../words";
import { Suggestions } from "./suggestions";

const SUGGESTIONS = "suggestions";
const TABS: (Tab & { lead: string; statuses?: string[] })[] = [
  {
    key: "breaks",
    title: "Breaks",
    lead: "Lines of a statement and entries of the book that do not find each other. A break ends by a match, or by a write-off that two people agree to.",
  },
  {
    key: SUGGESTIONS,
    title: "Suggestions",
    lead: "Lines and entries that may be the same money, surest first. A person decides: whoever agrees sends the request that stands beside.",
  },
  {
    key: "bank-statements",
    title: "Bank statements",
    lead: "What banks and processors say: imported, matched line by line, closed day by day.",
  },
  {
    key: "matches",
    title: "Matches",
    lead: "Which lines of a statement are which entries of the book, and by which rule.",
  },
  {
    key: "clearing-settlements",
    title: "Clearing",
    lead: "Clearing accounts brought back to zero when the money arrived.",
  },
  {
    key: "settlements",
    title: "Merchant settlements",
    lead: "What merchants took, less fees and reserve, and the payment that pays it out.",
  },
  { key: "merchants", title: "Merchants", lead: "On which terms merchants are settled." },
  { key: "rails", title: "Rails", lead: "The accounts of each rail in each currency." },
];

export function SettlementPage() {
  const tab = useTab(TABS);
  const about = TABS.find((one) => one.key === tab);
  return (
    <Page title="Settlement & breaks">
      <Tabs tabs={TABS} path="/settlement" label="Kinds" />
      <Panel key={tab}>
        <p class="panel-lead">{about?.lead}</p>
        {tab === SUGGESTIONS ? <Suggestions /> : <Things kind={tab} />}
      </Panel>
    </Page>
  );
}

const NOT_IN_LISTS = new Set([
  "status",
  "metadata",
  "screening",
  "documents",
  "destroyed",
  "subjects",
  "lists",
  "lines",
  "entries",
  "items",
  "postings",
]);
const COLUMNS_MAX = 5;
// What a list shows first, by kind; what a kind does not name is shown in the order of its data.
const FIRST: Record<string, string[]> = {
  breaks: ["kind", "difference_minor", "account_id", "opened_on", "assignee"],
  "bank-statements": ["account_id", "closing_on", "opening_minor", "closing_minor", "line_count"],
  matches: ["account_id", "rule", "difference_minor", "score_permille"],
  "clearing-settlements": ["rail", "amount_minor", "fee_minor", "clearing_account_id", "settled_on"],
  settlements: ["merchant_id", "net_minor", "fee_minor", "reserve_minor", "closed_at"],
  merchants: ["account_id", "payable_account_id", "payout_rail", "cut_off_at", "reserve_per_mille"],
  rails: ["rail", "currency", "clearing_account_id", "suspense_account_id"],
  cases: ["customer_id", "decision", "proposed_by", "decided_by", "opened_at"],
};

export function Things({ kind }: { kind: string }) {
  const { query } = usePlace();
  const status = query.get("status");
  const pages = usePages<Page_>(`/v1/${kind}?limit=100${status ? `&status=${encodeURIComponent(status)}` : ""}`, true);
  return (
    <>
      <Answered answer={pages}>
        {(first) => {
          const things = [first, ...pages.rest].flatMap((page) => page.things);
          if (things.length === 0 && !pages.more) {
            return status ? (
              <Empty icon="search" title={`None is ${labelOf(status).toLowerCase()} now`} />
            ) : (
              <Empty title={`No ${kind.replace(/-/g, " ")}`}>They appear here by themselves.</Empty>
            );
          }
          const statuses = [
            ...new Set(things.map((thing) => thing.status).filter((one): one is string => one !== null)),
          ];
          return (
            <>
              {(statuses.length > 1 || status) && (
                <div class="filters">
                  <Choice name="status" label="Status" options={statuses.map((one) => [one, labelOf(one)])} />
                </div>
              )}
              <Table label={kind} columns={columnsOfThings(kind, things)} rows={things} keyOf={(thing) => thing.id} />
            </>
          );
        }}
      </Answered>
      <More pages={pages} />
    </>
  );
}

// What a thing says, its figures (of a settlement) among the rest.
function saidBy(thing: ThingLine): Record<string, unknown> {
  const { figures, ...rest } = thing.data;
  return { ...rest, ...(figures as Record<string, unknown> | null | undefined) };
}

function columnsOfThings(kind: string, things: ThingLine[]): Column<ThingLine>[] {
  const said = [...new Set(things.flatMap((thing) => Object.keys(saidBy(thing))))].filter((name) =>
    isListed(name, things),
  );
  const wanted = [
    ...(FIRST[kind] ?? []).filter((name) => said.includes(name)),
    ...said.filter((name) => !FIRST[kind]?.includes(name)),
  ];
  return [
    {
      key: "id",
      title: labelOf(kind.replace(/s$/, "")),
      cell: (thing) => (
        <a class="row mono" href={hrefOf(`/things/${kind}/${encodeURIComponent(thing.id)}`)}>
          {thing.id}
        </a>
      ),
    },
    { key: "status", title: "Status", cell: (thing) => <Status of={thing.status} /> },
    ...wanted.slice(0, COLUMNS_MAX).map((name, index): Column<ThingLine> => ({
      key: name,
      title: labelOf(name.replace(/_(minor|id)$/, "")),
      kind: name.endsWith("_minor") || isFigure(name, things) ? "figure" : "text",
      isMinor: index > 0,
      cell: (thing) => <Cell thing={thing} name={name} />,
    })),
    { key: "at", title: "Last change", kind: "figure", cell: (thing) => <Moment at={thing.recorded_at} /> },
  ];
}

// Columns hold what fits into one: no nested objects, nothing that only repeats the id.
function isListed(name: string, things: ThingLine[]): boolean {
  if (NOT_IN_LISTS.has(name)) return false;
  const values = things.map((thing) => saidBy(thing)[name]).filter((value) => value !== null && value !== undefined);
  if (values.length === 0 || values.some((value) => typeof value === "object" && !isShortList(value))) return false;
  return !things.every((thing) => saidBy(thing)[name] === thing.id);
}

function isShortList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 3 && value.every((item) => typeof item === "string");
}

function isFigure(name: string, things: ThingLine[]): boolean {
  return things.some((thing) => typeof saidBy(thing)[name] === "number" || typeof saidBy(thing)[name] === "bigint");
}

function Cell({ thing, name }: { thing: ThingLine; name: string }): ComponentChildren {
  const value = saidBy(thing)[name];
  if (name.endsWith("_minor") && value !== null && value !== undefined) {
    const currency = typeof thing.data["currency"] === "string" ? thing.data["currency"] : undefined;
    return <Amount minor={value as Minor} currency={currency} />;
  }
  return <Value of={value} name={name} />;
}

export function ThingPage({ kind, id }: { kind: string; id: string }) {
  const answer = useQuery<ThingView>(`/v1/${kind}/${encodeURIComponent(id)}`, true);
  const isTab = TABS.some((tab) => tab.key === kind);
  const back = isTab
    ? { href: hrefOf("/settlement", { tab: kind === "breaks" ? undefined : kind }), title: labelOf(kind) }
    : kind === "cases"
      ? { href: hrefOf("/queues", { tab: "cases" }), title: "Cases" }
      : undefined;
  return (
    <Page
      title={id}
      back={back}
      asOf={answer.data?.as_of}
      aside={answer.data?.status && <Status of={answer.data.status} />}
    >
      <Answered answer={answer}>
        {(thing) => (
          <div class="columns is-wide-left">
            <Panel title={labelOf(kind.replace(/s$/, ""))}>
              <Facts of={thing.data} without={["status"]} />
            </Panel>
            <Panel title="Newest events">
              <ol class="timeline">
                {thing.events.map((step) => (
                  <li key={step.position} class="step is-plain">
                    <div class="step-head">
                      <span class="step-title">{labelOf(step.type)}</span>
                      <span class="step-when">
                        <Moment at={step.recorded_at} />
                      </span>
                    </div>
                    <p class="step-who quiet">
                      <Position at={step.position} /> by <span class="mono">{step.actor}</span>
                    </p>
                    {Object.keys(step.said).length > 0 && <Facts of={step.said} />}
                  </li>
                ))}
              </ol>
              {kind === "customers" && (
                <p>
                  <a href={hrefOf("/payments", { customer_id: id })}>Payments of this customer</a>
                </p>
              )}
            </Panel>
          </div>
        )}
      </Answered>
    </Page>
  );
}
