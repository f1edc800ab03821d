// The chart of accounts as a tree of id segments, and one account: terms, balance over time, statement, open holds.
import { useMemo, useState } from "preact/hooks";
import { ask } from "../api";
import { learnScale } from "../currencies";
import { big } from "../exact";
import { formatMoney, toPixels } from "../money";
import { Lines } from "../parts/chart";
import { Amount, Facts, Moment, Position, Status } from "../parts/figures";
import { Icon } from "../parts/icons";
import { Choice, Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { More, Table, type Column } from "../parts/table";
import { useLoad, usePages, useQuery } from "../query";
import { slowTick } from "../live";
import { hrefOf, setQuery, usePlace } from "../router";
import type { AccountLine, AccountPage as Accounts, AccountView, HoldPage, StatementEntry, StatementView } from "../shapes";
import { useStore } from "../store";
import { daysAgo, today } from "../time";
import { labelOf, plural } from "../words";
import { columnsOfHolds } from "./queues";

const PAGE_ACCOUNTS = 500;
const TREE_PAGES_MAX = 4; // 2,000 accounts; whoever has more narrows by prefix
const TYPES = ["asset", "liability", "equity", "income", "expense"];

export function AccountsPage() {
  const { query } = usePlace();
  const filters = new URLSearchParams({ limit: String(PAGE_ACCOUNTS) });
  for (const name of ["prefix", "currency", "account_type", "status"]) if (query.get(name)) filters.set(name, query.get(name) ?? "");
  const path = `/v1/accounts?${filters}`;
  const found = useLoad<TreeData>(`all of ${path}`, (signal) => readAll(path, signal), useStore(slowTick));
  return (
    <Page title="Accounts" asOf={found.data?.asOf}>
      <div class="filters">
        <label class="field is-wide"><span>Ids that begin with</span>
          <input
            value={query.get("prefix") ?? ""} placeholder="customers:" pattern="[a-z0-9:_\-]*" spellcheck={false} autocomplete="off"
            onChange={(event) => event.currentTarget.checkValidity() && setQuery({ prefix: event.currentTarget.value })}
          />
        </label>
        <Choice name="account_type" label="Type" options={TYPES.map((type) => [type, labelOf(type)])} />
        <Choice name="status" label="Status" options={[["open", "Open"], ["frozen", "Frozen"], ["closed", "Closed"]]} />
        {query.get("currency") && <button type="button" class="chip" onClick={() => setQuery({ currency: undefined })}>Currency: {query.get("currency")} ×</button>}
      </div>
      <Panel>
        <Answered answer={found} lines={12}>{(data) => <Tree lines={data.lines} isWhole={data.isWhole} />}</Answered>
      </Panel>
    </Page>
  );
}

interface TreeData { lines: AccountLine[]; isWhole: boolean; asOf: Accounts["as_of"] }

// Sums are only right over all accounts, so all pages are read, up to a bound that is said.
async function readAll(path: string, signal: AbortSignal): Promise<TreeData> {
  const lines: AccountLine[] = [];
  let cursor: string | null = null;
  let asOf: Accounts["as_of"] | undefined;
  for (let page = 0; page < TREE_PAGES_MAX; page++) {
    const found: Accounts = await ask<Accounts>(path + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""), signal);
    lines.push(...found.accounts);
    asOf ??= found.as_of;
    cursor = found.next_cursor;
    if (!cursor) break;
  }
  for (const line of lines) learnScale(line.currency, line.scale);
  return { lines, isWhole: cursor === null, asOf: asOf as Accounts["as_of"] };
}

interface Node { name: string; path: string; children: Map<string, Node>; account: AccountLine | null; count: number; sums: Map<string, bigint> }

function nodeOf(name: string, path: string): Node {
  return { name, path, children: new Map(), account: null, count: 0, sums: new Map() };
}

// A sum over accounts of several types counts debits as positive: assets less liabilities is what is left.
function treeOf(lines: AccountLine[]): Node {
  const root = nodeOf("", "");
  for (const line of lines) {
    let node = root;
    const key = `${line.currency} ${line.account_type}`;
    const segments = line.account_id.split(":");
    segments.forEach((segment, index) => {
      const path = segments.slice(0, index + 1).join(":");
      let child = node.children.get(segment);
      if (!child) node.children.set(segment, (child = nodeOf(segment, path)));
      child.count += 1;
      child.sums.set(key, (child.sums.get(key) ?? 0n) + big(line.posted_minor));
      node = child;
    });
    node.account = line;
  }
  return root;
}

function Tree({ lines, isWhole }: { lines: AccountLine[]; isWhole: boolean }) {
  const { query } = usePlace();
  const root = useMemo(() => treeOf(lines), [lines]);
  const [open, setOpen] = useState<Set<string> | null>(null);
  if (lines.length === 0) return <Empty icon="search" title="No account matches"><a href={hrefOf("/accounts")}>Clear the filters</a></Empty>;
  const isOpen = (node: Node) => open?.has(node.path) ?? (lines.length <= 12 || Boolean(query.get("prefix")?.startsWith(node.path)));
  const toggle = (node: Node) => {
    const next = new Set(open ?? [...walk(root)].filter(isOpen).map((one) => one.path));
    if (!next.delete(node.path)) next.add(node.path);
    setOpen(next);
  };
  const everything = [...walk(root)].filter((node) => node.children.size > 0).map((node) => node.path);
  return (
    <>
      <div class="tree-tools">
        <span class="quiet">{plural(lines.length, "account")}{!isWhole && `, the first of more: sums are of these only. Narrow by prefix`}</span>
        <button type="button" class="link" onClick={() => setOpen(new Set(everything))}>Open all</button>
        <button type="button" class="link" onClick={() => setOpen(new Set())}>Close all</button>
      </div>
      <div class="scroll" role="region" aria-label="Chart of accounts" tabIndex={0}>
        <table class="table tree">
          <thead><tr><th scope="col">Account</th><th scope="col" class="is-minor">Type</th><th scope="col" class="is-figure">Posted</th><th scope="col" class="is-figure is-minor">Held</th><th scope="col" class="is-minor">Status</th></tr></thead>
          <tbody>{[...root.children.values()].map((node) => <Branch key={node.path} node={node} depth={0} isOpen={isOpen} toggle={toggle} />)}</tbody>
        </table>
      </div>
    </>
  );
}

function* walk(node: Node): Generator<Node> {
  for (const child of node.children.values()) {
    yield child;
    yield* walk(child);
  }
}

interface BranchProps { node: Node; depth: number; isOpen: (node: Node) => boolean; toggle: (node: Node) => void }

function Branch({ node, depth, isOpen, toggle }: BranchProps) {
  const hasChildren = node.children.size > 0;
  const shown = hasChildren && isOpen(node);
  const { account } = node;
  return (
    <>
      <tr class={hasChildren ? "is-branch" : undefined}>
        <td>
          <span class={`indent indent-${Math.min(depth, 6)}`}>
            {hasChildren && (
              <button type="button" class="twist" aria-expanded={shown} aria-label={`${shown ? "Close" : "Open"} ${node.path}`} onClick={() => toggle(node)}>
                <Icon name={shown ? "down" : "right"} />
              </button>
            )}
            {account
              ? <a class="row mono" href={hrefOf(`/accounts/${encodeURIComponent(node.path)}`)} title={node.path}>{node.name}</a>
              : <button type="button" class="branch-name mono" onClick={() => toggle(node)}>{node.name}</button>}
            {hasChildren && <span class="count">{node.count}</span>}
          </span>
        </td>
        <td class="is-minor">{account ? labelOf(account.account_type) : ""}</td>
        <td class="is-figure">{account && !hasChildren ? <Amount minor={account.posted_minor} currency={account.currency} scale={account.scale} isQuietAtZero /> : <Sums of={node.sums} />}</td>
        <td class="is-figure is-minor">{account && <Amount minor={account.held_minor} currency={account.currency} scale={account.scale} isQuietAtZero />}</td>
        <td class="is-minor">{account && <Status of={account.status} />}</td>
      </tr>
      {shown && [...node.children.values()].map((child) => <Branch key={child.path} node={child} depth={depth + 1} isOpen={isOpen} toggle={toggle} />)}
    </>
  );
}

// One line per currency when all accounts below are of one type; types are not added to each other.
function Sums({ of }: { of: Map<string, bigint> }) {
  const types = new Set([...of.keys()].map((key) => key.split(" ")[1]));
  return (
    <span class="sums">
      {[...of].map(([key, sum]) => {
        const [currency = "", type = ""] = key.split(" ");
        return <span key={key}>{types.size > 1 && <span class="quiet">{labelOf(type)} </span>}<Amount minor={sum} currency={currency} isQuietAtZero /></span>;
      })}
    </span>
  );
}

const RANGES: [string, string][] = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "1 year"]];

export function AccountPage({ id }: { id: string }) {
  const path = `/v1/accounts/${encodeURIComponent(id)}`;
  const account = useQuery<AccountView>(path, true);
  const segments = id.split(":").slice(0, -1);
  return (
    <Page
      title={id} asOf={account.data?.as_of}
      back={{ href: hrefOf("/accounts", { prefix: segments.length ? `${segments.join(":")}:` : undefined }), title: segments.length ? `Accounts / ${segments.join(" / ")}` : "Accounts" }}
    >
      <Answered answer={account}>
        {(data) => (
          <>
            <div class="tiles">
              <div class="tile"><span class="tile-title">Posted</span><span class="tile-figure"><Amount minor={data.posted_minor} currency={data.currency} scale={data.scale} /></span><span class="tile-note">{labelOf(data.account_type)}, normal side {data.normal_side}</span></div>
              <div class="tile"><span class="tile-title">Held</span><span class="tile-figure"><Amount minor={data.held_minor} currency={data.currency} scale={data.scale} /></span><span class="tile-note">reserved by open holds</span></div>
              <div class="tile"><span class="tile-title">Available</span><span class="tile-figure"><Amount minor={data.available_minor} currency={data.currency} scale={data.scale} /></span><span class="tile-note">{overdraftOf(data)}</span></div>
              <div class="tile"><span class="tile-title">Status</span><span class="tile-figure"><Status of={data.status} /></span><span class="tile-note">opened <Moment at={data.opened_at} /></span></div>
            </div>
            <History id={id} currency={data.currency} scale={data.scale} />
            {big(data.held_minor) !== 0n && <Holds id={id} />}
            <div class="columns is-wide-left">
              <Statement id={id} />
              <Panel title="Terms">
                <Facts of={{ customer_id: data.customer_id, overdraft: data.overdraft, currency: data.currency, credit_limit_minor: data.credit_limit_minor, max_balance_minor: data.max_balance_minor, metadata: data.metadata }} />
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
  return of.overdraft === "limited" ? `credit limit ${formatMoney(of.credit_limit_minor, of.currency, of.scale)}` : "may be overdrawn";
}

function History({ id, currency, scale }: { id: string; currency: string; scale: number }) {
  const { query } = usePlace();
  const days = RANGES.find(([key]) => key === query.get("days"))?.[0] ?? "30";
  const from = daysAgo(Number(days) - 1);
  const path = `/v1/accounts/${encodeURIComponent(id)}/statement?from=${from}&to=${today()}&limit=${PAGE_ACCOUNTS}`;
  const answer = useQuery<StatementView>(path);
  const ranges = (
    <div class="segmented" role="group" aria-label="Period">
      {RANGES.map(([key, words]) => <button key={key} type="button" aria-pressed={key === days} onClick={() => setQuery({ days: key === "30" ? undefined : key })}>{words}</button>)}
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

function BalanceChart({ of, from, currency, scale }: { of: StatementView; from: string; currency: string; scale: number }) {
  const shown = useMemo(() => balancesOf(of, from), [of, from]);
  const series = [{
    name: "Balance",
    values: shown.map((one) => toPixels(one.minor, scale)),
    words: (index: number) => formatMoney(shown[index]?.minor ?? 0, currency, scale),
  }];
  return (
    <>
      <Lines label={`Balance at the end of each day since ${from}`} at={shown.map((one) => Date.parse(one.day) / 1000)} series={series} kind="step" hasDays height={180} />
      <p class="table-foot quiet">
        Opening <Amount minor={of.opening_minor} currency={currency} scale={scale} />, closing <Amount minor={of.closing_minor} currency={currency} scale={scale} />; by effective date
        {of.next_cursor && `; up to the first ${PAGE_ACCOUNTS} entries of the period`}.
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
  for (let at = Date.parse(from); at <= Date.parse(last); at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10);
    minor = ends.get(day) ?? minor;
    found.push({ day, minor });
  }
  return found;
}

function Statement({ id }: { id: string }) {
  const pages = usePages<StatementView>(`/v1/accounts/${encodeURIComponent(id)}/statement?limit=50`, true);
  return (
    <Panel title="Statement" aside={<span class="quiet">newest first</span>}>
      <Answered answer={pages}>
        {(first) => {
          const entries = [first, ...pages.rest].flatMap((page) => page.entries);
          if (entries.length === 0) return <Empty icon="accounts" title="Nothing was booked on this account" />;
          return <Table label="Statement" columns={columnsOfEntries(first)} rows={entries} keyOf={(one) => `${one.position}.${one.leg}`} />;
        }}
      </Answered>
      <More pages={pages} />
    </Panel>
  );
}

function columnsOfEntries(of: StatementView): Column<StatementEntry>[] {
  const amount = (entry: StatementEntry, side: string) => (entry.side === side ? <Amount minor={entry.amount_minor} scale={of.scale} /> : "");
  return [
    { key: "at", title: "Recorded", cell: (one) => <Moment at={one.recorded_at} /> },
    { key: "id", title: "What", cell: (one) => <><a class="row mono" href={hrefOf(`/transfers/${one.id}`)}>{one.id}</a>{one.reference && <span class="reference quiet" title={one.reference}>{one.reference}</span>}</> },
    { key: "day", title: "Effective", isMinor: true, cell: (one) => <span class="mono">{one.effective_date}</span> },
    { key: "debit", title: "Debit", kind: "figure", cell: (one) => amount(one, "debit") },
    { key: "credit", title: "Credit", kind: "figure", cell: (one) => amount(one, "credit") },
    { key: "balance", title: `Balance, ${of.currency}`, kind: "figure", cell: (one) => <Amount minor={one.balance_minor} scale={of.scale} /> },
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

