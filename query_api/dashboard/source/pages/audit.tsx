// The book itself: events in order with the chain of hashes, recomputed here in the browser from the bytes as booked.
import { useMemo } from "preact/hooks";
import { newest, request } from "../api";
import { checkHash, readRawEvent, type RawEvent } from "../chain";
import { writeExact } from "../exact";
import { Badge, Facts, Id, Moment } from "../parts/figures";
import { Icon } from "../parts/icons";
import { Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { Table, type Column } from "../parts/table";
import { useLoad, useQuery } from "../query";
import { hrefOf, navigate, setQuery, usePlace } from "../router";
import type { EventView } from "../shapes";
import type { StatusView } from "../shapes_models";
import { useStore } from "../store";
import { labelOf } from "../words";

const PAGE_EVENTS = 25;
const AT_ONCE = 6;

type Checked = "sound" | "broken" | "unknown"; // recomputed and right, wrong, or not recomputed
interface Row {
  raw: RawEvent;
  checked: Checked;
  isLinked: boolean | null;
}

export function AuditPage() {
  const { query } = usePlace();
  const asked = positionIn(query.get("from") ?? "");
  const head = useHead();
  const from = asked ?? head;
  const key = from === null ? null : asked === null ? "the newest events" : `events up to ${asked}`;
  const answer = useLoad<Row[]>(key, (signal) => readRows(from ?? 0, signal), from ?? 0);
  const rows = answer.data ?? [];
  const jump = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("position") as HTMLInputElement;
    const position = positionIn(field.value);
    if (position !== null) navigate(hrefOf(`/audit/${position}`));
  };
  const last = rows[rows.length - 1]?.raw.view.position ?? 1;
  const checked = rows.filter((row) => row.checked === "sound").length;
  return (
    <Page
      title="Audit trail"
      lead="Every event of the book, in the one order there is. Each is hashed onto the one before it; your browser recomputes what it shows."
    >
      <div class="filters">
        <form class="field" role="search" onSubmit={jump}>
          <label for="position">Position</label>
          <input id="position" name="position" inputMode="numeric" placeholder="#12,345" autocomplete="off" />
        </form>
        <button type="button" class="button" disabled={asked === null} onClick={() => setQuery({ from: undefined })}>
          Newest
        </button>
      </div>
      <Panel
        title={asked ? `Events up to #${asked.toLocaleString("en")}` : "Newest events"}
        aside={rows.length > 0 && <ChainWords checked={checked} of={rows} />}
      >
        <Answered answer={answer} lines={12}>
          {(found) =>
            found.length === 0 ? (
              <Empty icon="audit" title="The book is empty" />
            ) : (
              <Table
                label="Events"
                columns={COLUMNS}
                rows={found}
                keyOf={(row) => row.raw.view.position}
                isMarked={(row) => row.checked === "broken" || row.isLinked === false}
              />
            )
          }
        </Answered>
        {last > 1 && rows.length > 0 && (
          <div class="more">
            <button type="button" class="button" onClick={() => setQuery({ from: String(last - 1) })}>
              Older
            </button>
          </div>
        )}
      </Panel>
    </Page>
  );
}

// A position as people write it: 12345, #12,345.
function positionIn(text: string): number | null {
  const digits = text.replace(/[#,\s]/g, "");
  return /^[1-9]\d{0,15}$/.test(digits) ? Number(digits) : null;
}

// The newest position of the book: from the stream of changes when it is live, else asked for.
function useHead(): number | null {
  const asOf = useStore(newest);
  const status = useQuery<StatusView>("/v1/status");
  const known = Math.max(asOf?.position ?? 0, status.data?.book?.position ?? 0);
  if (known > 0) return known;
  return status.data ? (status.data.book?.position ?? 0) : null;
}

function ChainWords({ checked, of }: { checked: number; of: Row[] }) {
  if (of.some((row) => row.checked === "broken" || row.isLinked === false))
    return <Badge tone="bad">The chain is broken here</Badge>;
  if (of.every((row) => row.checked === "unknown"))
    return <Badge tone="plain">Hashes need https or localhost to be recomputed</Badge>;
  return (
    <Badge tone={checked === of.length ? "good" : "busy"}>
      {checked} of {of.length} recomputed and linked
    </Badge>
  );
}

async function readRows(from: number, signal: AbortSignal): Promise<Row[]> {
  const positions = Array.from({ length: Math.min(PAGE_EVENTS, from) }, (_, index) => from - index);
  const found: RawEvent[] = [];
  for (let at = 0; at < positions.length; at += AT_ONCE) {
    found.push(
      ...(await Promise.all(positions.slice(at, at + AT_ONCE).map((position) => readEvent(position, signal)))),
    );
  }
  return Promise.all(
    found.map(async (raw, index) => {
      const older = found[index + 1];
      return {
        raw,
        checked: await checkHash(raw),
        isLinked: older ? raw.view.previous_hash === older.view.hash : null,
      };
    }),
  );
}

const kept = new Map<number, RawEvent>();
const KEPT_MAX = 500;

// An event never changes, so one that was read stays.
async function readEvent(position: number, signal: AbortSignal): Promise<RawEvent> {
  const known = kept.get(position);
  if (known) return known;
  const response = await request(`/v1/events/${position}`, { signal });
  const raw = readRawEvent(await response.text());
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(position, raw);
  return raw;
}

const COLUMNS: Column<Row>[] = [
  {
    key: "position",
    title: "Position",
    cell: ({ raw }) => (
      <a class="row mono" href={hrefOf(`/audit/${raw.view.position}`)}>
        #{raw.view.position.toLocaleString("en")}
      </a>
    ),
  },
  { key: "type", title: "Event", cell: ({ raw }) => labelOf(raw.view.event.type) },
  { key: "about", title: "About", isMinor: true, cell: ({ raw }) => <About of={raw.view} /> },
  { key: "actor", title: "By", cell: ({ raw }) => <span class="mono">{raw.view.event.principal.subject}</span> },
  {
    key: "hash",
    title: "Hash",
    isMinor: true,
    cell: (row) => (
      <span class="hash">
        <Check of={row.checked} />
        <span class="mono" title={row.raw.view.hash}>
          {row.raw.view.hash.slice(0, 12)}
        </span>
      </span>
    ),
  },
  { key: "at", title: "Recorded", kind: "figure", cell: ({ raw }) => <Moment at={raw.view.event.recorded_at} /> },
];

const SUBJECTS = [
  "payment_id",
  "transfer_id",
  "hold_id",
  "account_id",
  "customer_id",
  "case_id",
  "statement_id",
  "break_id",
  "merchant_id",
  "settlement_id",
];

function About({ of }: { of: EventView }) {
  const name = SUBJECTS.find((candidate) => typeof of.event.data[candidate] === "string");
  if (!name) return <span class="quiet">–</span>;
  const id = of.event.data[name] as string;
  return name === "account_id" ? (
    <a class="mono" href={hrefOf(`/accounts/${encodeURIComponent(id)}`)}>
      {id}
    </a>
  ) : (
    <Id of={id} />
  );
}

function Check({ of }: { of: Checked }) {
  if (of === "sound") return <Icon name="check" title="recomputed: the bytes have this hash" />;
  if (of === "broken") return <Icon name="alert" title="the bytes do not have this hash" />;
  return <Icon name="clock" title="not recomputed" />;
}

export function EventPage({ position }: { position: string }) {
  const at = Number(position);
  return (
    <Page
      title={`Event #${at.toLocaleString("en")}`}
      back={{ href: hrefOf("/audit", { from: position }), title: "Audit trail" }}
      aside={<Neighbours at={at} />}
    >
      <EventBody load={(signal) => readEvent(at, signal)} of={position} />
    </Page>
  );
}

export function TransferPage({ id }: { id: string }) {
  return (
    <Page title={id} back={{ href: hrefOf("/audit"), title: "Audit trail" }}>
      <EventBody
        of={id}
        load={async (signal) =>
          readRawEvent(await (await request(`/v1/transfers/${encodeURIComponent(id)}`, { signal })).text())
        }
      />
    </Page>
  );
}

function Neighbours({ at }: { at: number }) {
  return (
    <div class="segmented">
      {at > 1 && (
        <a class="button" href={hrefOf(`/audit/${at - 1}`)}>
          ← #{(at - 1).toLocaleString("en")}
        </a>
      )}
      <a class="button" href={hrefOf(`/audit/${at + 1}`)}>
        #{(at + 1).toLocaleString("en")} →
      </a>
    </div>
  );
}

interface Proved {
  raw: RawEvent;
  checked: Checked;
  isLinked: boolean | null;
}

async function prove(raw: RawEvent, signal: AbortSignal): Promise<Proved> {
  const { position, previous_hash } = raw.view;
  const before = position > 1 ? await readEvent(position - 1, signal) : null;
  return { raw, checked: await checkHash(raw), isLinked: before ? before.view.hash === previous_hash : null };
}

function EventBody({ of, load }: { of: string; load: (signal: AbortSignal) => Promise<RawEvent> }) {
  const answer = useLoad<Proved>(`event ${of}`, async (signal) => prove(await load(signal), signal), 0);
  if (answer.problem?.status === 404 && !answer.problem.isAbsent) {
    return (
      <Panel>
        <Empty icon="search" title="Not in the book">
          {answer.problem.message}.
        </Empty>
      </Panel>
    );
  }
  return <Answered answer={answer}>{(proved) => <EventParts of={proved} />}</Answered>;
}

function EventParts({ of: state }: { of: Proved }) {
  const text = useMemo(() => writeExact(state.raw.view.event.data), [state]);
  const { event, hash, previous_hash } = state.raw.view;
  return (
    <div class="columns is-wide-left">
      <Panel title={labelOf(event.type)} aside={<span class="quiet">version {event.version}</span>}>
        <pre class="code" tabIndex={0} aria-label="What the event says">
          {text}
        </pre>
      </Panel>
      <div class="stack">
        <Panel
          title="Proof"
          aside={
            <Badge
              tone={
                state.checked === "sound" && state.isLinked !== false
                  ? "good"
                  : state.checked === "unknown"
                    ? "plain"
                    : "bad"
              }
            >
              {WORDS[state.checked]}
            </Badge>
          }
        >
          <dl class="facts is-stacked">
            <div>
              <dt>Hash</dt>
              <dd class="mono wrap">{hash}</dd>
            </div>
            <div>
              <dt>Hash of the event before</dt>
              <dd class="mono wrap">{previous_hash}</dd>
            </div>
            <div>
              <dt>Linked</dt>
              <dd>
                {state.isLinked === null ? "the first event" : state.isLinked ? "yes, to the event before" : "no"}
              </dd>
            </div>
          </dl>
          <p class="quiet">
            SHA-256 of the hash before and the event's {state.raw.bytes.length.toLocaleString("en")} bytes, recomputed
            in this browser.
          </p>
        </Panel>
        <Panel title="Who and when">
          <Facts
            of={{
              actor: event.principal.subject,
              tenant: event.principal.tenant,
              idempotency_key: event.key,
              trace: event.trace,
            }}
          />
          <dl class="facts">
            <div>
              <dt>Recorded</dt>
              <dd>
                <Moment at={event.recorded_at} style="full" />
              </dd>
            </div>
            <div>
              <dt>Occurred</dt>
              <dd>
                <Moment at={event.occurred_at} style="full" />
              </dd>
            </div>
          </dl>
        </Panel>
      </div>
    </div>
  );
}

const WORDS: Record<Checked, string> = {
  sound: "recomputed",
  broken: "does not match",
  unknown: "not recomputed",
};
