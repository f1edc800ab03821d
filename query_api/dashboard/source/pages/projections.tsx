// Read models and the auditor: how far each is, what stopped it, and whether all copies agree.
import { useState } from "preact/hooks";
import { tell, type Problem } from "../api";
import { formatCount } from "../money";
import { AccountId, Amount, Badge, Facts, Moment, Position, Status } from "../parts/figures";
import { Page, Panel } from "../parts/page";
import { Answered, Empty, NotHere, Refused } from "../parts/states";
import { Table, type Column } from "../parts/table";
import { problemOf, useQuery } from "../query";
import { may } from "../session";
import type { Audits, Projection, StatusView } from "../shapes";
import { formatSeconds } from "../time";
import { labelOf, plural } from "../words";

export function ProjectionsPage() {
  const answer = useQuery<Projection[] | { projections: Projection[] }>("/v1/projections", true);
  const isAbsent = answer.data === null && answer.problem?.isAbsent;
  return (
    <Page title="Projections & auditor">
      {isAbsent ? <Positions /> : (
        <Panel title="Projections">
          <Answered answer={answer}>
            {(data) => <Projections of={Array.isArray(data) ? data : data.projections} reload={answer.reload} />}
          </Answered>
        </Panel>
      )}
      <Auditor />
      <Parked />
    </Page>
  );
}

function Projections({ of, reload }: { of: Projection[]; reload: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asking, setAsking] = useState<{ name: string; what: string } | null>(null);
  const operate = (name: string, what: string) => {
    setAsking(null);
    setProblem(null);
    tell("POST", `/v1/projections/${encodeURIComponent(name)}/${what}`).then(reload, (error: unknown) => setProblem(problemOf(error)));
  };
  const columns: Column<Projection>[] = [
    { key: "name", title: "Projection", cell: (one) => <><span class="mono strong">{one.name}</span> <span class="quiet">v{one.version}</span>{one.is_serving && <Badge tone="busy">serving</Badge>}</> },
    { key: "state", title: "State", cell: (one) => <><Status of={one.state} />{one.rebuild && <Rebuild of={one.rebuild} />}</> },
    { key: "position", title: "Position", kind: "figure", cell: (one) => <Position at={one.position} /> },
    { key: "lag", title: "Behind", kind: "figure", cell: (one) => <span class="amount">{one.lag_events === null ? "–" : `${formatCount(one.lag_events)} events`}{one.lag_seconds !== null && <span class="quiet"> {formatSeconds(one.lag_seconds)}</span>}</span> },
    { key: "rate", title: "Applied", kind: "figure", isMinor: true, cell: (one) => (one.applied_per_s === null ? "–" : `${one.applied_per_s.toLocaleString("en", { maximumFractionDigits: 1 })}/s`) },
    ...(may("projections:operate") ? [{
      key: "operate", title: "Operate", isMinor: true,
      cell: (one: Projection) => (
        <span class="actions">
          {actionsFor(one).map((what) => asking?.name === one.name && asking.what === what
            ? <button key={what} type="button" class="button is-danger" onClick={() => operate(one.name, what)}>Really {labelOf(what).toLowerCase()}?</button>
            : <button key={what} type="button" class="link" onClick={() => setAsking({ name: one.name, what })}>{labelOf(what)}</button>)}
        </span>
      ),
    }] : []),
  ];
  const failed = of.filter((one) => one.failure);
  return (
    <>
      {problem && <Refused problem={problem} />}
      {failed.map((one) => (
        <div key={one.name} class="notice is-bad" role="alert">
          <strong>{one.name}</strong> stopped at <Position at={one.failure?.position} /> ({labelOf(one.failure?.category ?? "")}): {one.failure?.detail}
        </div>
      ))}
      <Table label="Projections" columns={columns} rows={of} keyOf={(one) => `${one.name}.${one.version}`} isMarked={(one) => one.failure !== null} />
    </>
  );
}

function actionsFor(one: Projection): string[] {
  if (one.state === "paused") return ["resume", "rebuild"];
  if (one.state === "rebuilding") return ["pause"];
  if (one.state === "stopped") return ["resume", "rebuild"];
  return one.is_serving ? ["pause", "rebuild"] : ["promote", "pause"];
}

function Rebuild({ of }: { of: NonNullable<Projection["rebuild"]> }) {
  const percent = Math.round(of.progress * 100);
  return (
    <span class="rebuild">
      <progress max={100} value={percent} aria-label="Rebuilt" /> {percent} %{of.eta_s !== null && <span class="quiet">, {formatSeconds(of.eta_s)} to go</span>}
    </span>
  );
}

// Without the projections' own routes there are still their positions.
function Positions() {
  const answer = useQuery<StatusView>("/v1/status", true);
  type Line = { name: string; position: number | null; lag_events: number | null; lag_s: number | null; version: number };
  const columns: Column<Line>[] = [
    { key: "name", title: "Read model", cell: (one) => <><span class="mono strong">{one.name}</span> <span class="quiet">v{one.version}</span></> },
    { key: "position", title: "Position", kind: "figure", cell: (one) => <Position at={one.position} /> },
    { key: "events", title: "Behind", kind: "figure", cell: (one) => <span class="amount">{one.lag_events === null ? "not known" : `${formatCount(one.lag_events)} events`}</span> },
    { key: "seconds", title: "For", kind: "figure", cell: (one) => (one.lag_s === null ? "–" : formatSeconds(one.lag_s)) },
  ];
  return (
    <Panel title="Read models" aside={<span class="quiet">to operate them is not available here</span>}>
      <Answered answer={answer}>
        {(data) => (
          <>
            {Object.entries(data.unavailable).map(([name, why]) => <p key={name} class="notice is-bad">{name}: {why}</p>)}
            <Table label="Read models" columns={columns} rows={Object.entries(data.read_models).map(([name, one]) => ({ name, ...one }))} keyOf={(one) => one.name} />
            <p class="table-foot quiet">The book is at <Position at={data.book?.position} />, its stream holds #{data.stream?.first} to #{data.stream?.last.toLocaleString("en")}.</p>
          </>
        )}
      </Answered>
    </Panel>
  );
}

function Auditor() {
  const answer = useQuery<Audits>("/v1/audits", true);
  if (answer.data === null && answer.problem?.isAbsent) {
    return <Panel title="Auditor"><NotHere>No auditor runs in this installation. <code>./bursar verify</code> compares all copies once.</NotHere></Panel>;
  }
  return <Panel title="Auditor" aside={answer.data && <Status of={answer.data.state} />}><Answered answer={answer}>{(data) => <Findings of={data} reload={answer.reload} />}</Answered></Panel>;
}

function Findings({ of, reload }: { of: Audits; reload: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const heal = () => void tell("POST", "/v1/audits/heal").then(reload, (error: unknown) => setProblem(problemOf(error)));
  const columns: Column<Audits["differences"][number]>[] = [
    { key: "account", title: "Account", cell: (one) => <AccountId of={one.account_id} /> },
    { key: "side", title: "Copy", cell: (one) => labelOf(one.side) },
    { key: "expected", title: "Book", kind: "figure", cell: (one) => <Amount minor={one.expected} currency={one.currency} /> },
    { key: "found", title: "Copy says", kind: "figure", cell: (one) => <Amount minor={one.found} currency={one.currency} /> },
    { key: "position", title: "At", kind: "figure", isMinor: true, cell: (one) => <Position at={one.position} /> },
    { key: "when", title: "Found", kind: "figure", isMinor: true, cell: (one) => <Moment at={one.found_at} /> },
  ];
  return (
    <>
      {of.last_run ? (
        <div class="panel-lead">
          <p>
            {of.last_run.differences === 0 ? <Badge tone="good">All copies agree</Badge> : <Badge tone="bad">{plural(of.last_run.differences, "difference")}</Badge>}{" "}
            as of <Position at={of.last_run.position} />, <Moment at={of.last_run.at} />
          </p>
          <Facts of={of.last_run.checked} />
        </div>
      ) : <p class="panel-lead quiet">It has not finished its first run yet.</p>}
      {problem && <Refused problem={problem} />}
      {of.differences.length > 0 && <Table label="Differences" columns={columns} rows={of.differences} keyOf={(one) => `${one.account_id}.${one.side}.${one.position}`} />}
      {of.differences.length > 0 && may("projections:operate") && <div class="more"><button type="button" class="button" onClick={heal}>Heal: make the copies again</button></div>}
    </>
  );
}

function Parked() {
  const answer = useQuery<unknown>("/v1/projections/parked", true);
  if (answer.data === null && answer.problem) return null;
  const tasks = Array.isArray(answer.data) ? answer.data : ((answer.data as { parked?: unknown[]; tasks?: unknown[] } | null)?.parked ?? (answer.data as { tasks?: unknown[] } | null)?.tasks ?? []);
  return (
    <Panel title="Parked tasks of the reactors">
      {tasks.length === 0 ? <Empty title="No task is parked">Everything that the book asked for was done.</Empty>
        : <ul class="values">{tasks.map((task, index) => <li key={index}><Facts of={task as Record<string, unknown>} /></li>)}</ul>}
    </Panel>
  );
}
