// The chart of accounts as a tree of id segments.
import { useMemo, useState } from "preact/hooks";
import { ask } from "../api";
import { learnScale } from "../currencies";
import { big } from "../exact";
import { slowTick } from "../live";
import { Amount, Status } from "../parts/figures";
import { Icon } from "../parts/icons";
import { Choice, Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { useLoad } from "../query";
import { hrefOf, setQuery, usePlace } from "../router";
import type { AccountLine, AccountPage as Accounts } from "../shapes";
import { useStore } from "../store";
import { labelOf, plural } from "../words";

const PAGE_ACCOUNTS = 500;
const TREE_PAGES_MAX = 4; // 2,000 accounts; whoever has more narrows by prefix
const TYPES = ["asset", "liability", "equity", "income", "expense"];

export function AccountsPage() {
  const { query } = usePlace();
  const filters = new URLSearchParams({ limit: String(PAGE_ACCOUNTS) });
  for (const name of ["prefix", "currency", "account_type", "status"])
    if (query.get(name)) filters.set(name, query.get(name) ?? "");
  const path = `/v1/accounts?${filters}`;
  const found = useLoad<TreeData>(`all of ${path}`, (signal) => readAll(path, signal), useStore(slowTick));
  return (
    <Page title="Accounts" asOf={found.data?.asOf}>
      <div class="filters">
        <label class="field is-wide">
          <span>Ids that begin with</span>
          <input
            value={query.get("prefix") ?? ""}
            placeholder="customers:"
            pattern="[a-z0-9:_\-]*"
            spellcheck={false}
            autocomplete="off"
            onChange={(event) => event.currentTarget.checkValidity() && setQuery({ prefix: event.currentTarget.value })}
          />
        </label>
        <Choice name="account_type" label="Type" options={TYPES.map((type) => [type, labelOf(type)])} />
        <Choice
          name="status"
          label="Status"
          options={[
            ["open", "Open"],
            ["frozen", "Frozen"],
            ["closed", "Closed"],
          ]}
        />
        {query.get("currency") && (
          <button type="button" class="chip" onClick={() => setQuery({ currency: undefined })}>
            Currency: {query.get("currency")} ×
          </button>
        )}
      </div>
      <Panel>
        <Answered answer={found} lines={12}>
          {(data) => <Tree lines={data.lines} isWhole={data.isWhole} />}
        </Answered>
      </Panel>
    </Page>
  );
}

interface TreeData {
  lines: AccountLine[];
  isWhole: boolean;
  asOf: Accounts["as_of"];
}

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

interface Node {
  name: string;
  path: string;
  children: Map<string, Node>;
  account: AccountLine | null;
  count: number;
  sums: Map<string, bigint>;
}

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
  if (lines.length === 0)
    return (
      <Empty icon="search" title="No account matches">
        <a href={hrefOf("/accounts")}>Clear the filters</a>
      </Empty>
    );
  const isOpen = (node: Node) =>
    open?.has(node.path) ?? (lines.length <= 12 || Boolean(query.get("prefix")?.startsWith(node.path)));
  const toggle = (node: Node) => {
    const next = new Set(open ?? [...walk(root)].filter(isOpen).map((one) => one.path));
    if (!next.delete(node.path)) next.add(node.path);
    setOpen(next);
  };
  const everything = [...walk(root)].filter((node) => node.children.size > 0).map((node) => node.path);
  return (
    <>
      <div class="tree-tools">
        <span class="quiet">
          {plural(lines.length, "account")}
          {!isWhole && `, the first of more: sums are of these only. Narrow by prefix`}
        </span>
        <button type="button" class="link" onClick={() => setOpen(new Set(everything))}>
          Open all
        </button>
        <button type="button" class="link" onClick={() => setOpen(new Set())}>
          Close all
        </button>
      </div>
      <div class="scroll" role="region" aria-label="Chart of accounts" tabIndex={0}>
        <table class="table tree">
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col" class="is-minor">
                Type
              </th>
              <th scope="col" class="is-figure">
                Posted
              </th>
              <th scope="col" class="is-figure is-minor">
                Held
              </th>
              <th scope="col" class="is-minor">
                Status
              </th>
            </tr>
          </thead>
          <tbody>
            {[...root.children.values()].map((node) => (
              <Branch key={node.path} node={node} depth={0} isOpen={isOpen} toggle={toggle} />
            ))}
          </tbody>
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

interface BranchProps {
  node: Node;
  depth: number;
  isOpen: (node: Node) => boolean;
  toggle: (node: Node) => void;
}

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
              <button
                type="button"
                class="twist"
                aria-expanded={shown}
                aria-label={`${shown ? "Close" : "Open"} ${node.path}`}
                onClick={() => toggle(node)}
              >
                <Icon name={shown ? "down" : "right"} />
              </button>
            )}
            {account ? (
              <a class="row mono" href={hrefOf(`/accounts/${encodeURIComponent(node.path)}`)} title={node.path}>
                {node.name}
              </a>
            ) : (
              <button type="button" class="branch-name mono" onClick={() => toggle(node)}>
                {node.name}
              </button>
            )}
            {hasChildren && <span class="count">{node.count}</span>}
          </span>
        </td>
        <td class="is-minor">{account ? labelOf(account.account_type) : ""}</td>
        <td class="is-figure">
          {account && !hasChildren ? (
            <Amount minor={account.posted_minor} currency={account.currency} scale={account.scale} isQuietAtZero />
          ) : (
            <Sums of={node.sums} />
          )}
        </td>
        <td class="is-figure is-minor">
          {account && (
            <Amount minor={account.held_minor} currency={account.currency} scale={account.scale} isQuietAtZero />
          )}
        </td>
        <td class="is-minor">{account && <Status of={account.status} />}</td>
      </tr>
      {shown &&
        [...node.children.values()].map((child) => (
          <Branch key={child.path} node={child} depth={depth + 1} isOpen={isOpen} toggle={toggle} />
        ))}
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
        return (
          <span key={key}>
            {types.size > 1 && <span class="quiet">{labelOf(type)} </span>}
            <Amount minor={sum} currency={currency} isQuietAtZero />
          </span>
        );
      })}
    </span>
  );
}
