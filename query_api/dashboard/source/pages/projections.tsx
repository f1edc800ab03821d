// Read models and the auditor: how far each is, what stopped it, what was done to it, and whether all copies agree.
import { useState } from "preact/hooks";
import { tell, type Problem } from "../api";
import { formatCount } from "../money";
import { Badge, Moment, Position, Status } from "../parts/figures";
import { Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { Table, type Column } from "../parts/table";
import { problemOf, useQuery } from "../query";
import { Auditor } from "./auditor";
import { may } from "../session";
import type { Operation, ParkedTask, Projection, Projections, StatusView } from "../shapes_models";
import { formatSeconds } from "../time";
import { labelOf, plural } from "../words";

export function ProjectionsPage() {
  const answer = useQuery<Projections>("/v1/projections", true);
  const isAbsent = answer.data === null && answer.problem?.isAbsent;
  return (
    <Page title="Projections & auditor">
      {isAbsent ? (
        <Positions />
      ) : (
        <>
          <Panel
            title="Read models"
            aside={
              answer.data?.head && (
                <span class="quiet">
                  the book is at <Position at={answer.data.head} />
                </span>
              )
            }
          >
            <Answered answer={answer}>{(data) => <Versions of={data} reload={answer.reload} />}</Answered>
          </Panel>
          <Auditor />
          <div class="columns">
            <Parked />
            <Operations />
          </div>
        </>
      )}
      {isAbsent && <Auditor />}
    </Page>
  );
}

const DANGEROUS = new Set(["promote", "roll-back", "drop", "rebuild"]);

function Versions({ of, reload }: { of: Projections; reload: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asking, setAsking] = useState<{ name: string; what: string } | null>(null);
  const operate = (name: string, what: string) => {
    if (DANGEROUS.has(what) && (asking?.name !== name || asking.what !== what)) {
      setAsking({ name, what });
      return;
    }
    setAsking(null);
    setProblem(null);
    tell("POST", `/v1/projections/${encodeURIComponent(name)}/${what}`).then(reload, (error: unknown) =>
      setProblem(problemOf(error)),
    );
  };
  const columns: Column<Projection>[] = [
    {
      key: "name",
      title: "Read model",
      cell: (one) => (
        <span title={one.holds}>
          <span class="mono strong">{one.name}</span> <span class="quiet">v{one.version}</span>
        </span>
      ),
    },
    {
      key: "role",
      title: "Role",
      isMinor: true,
      cell: (one) => (one.is_serving ? <Badge tone="good">Serving</Badge> : labelOf(one.role)),
    },
    {
      key: "state",
      title: "State",
      cell: (one) => (
        <>
          <Status of={one.state} />
          {one.rebuild && <Rebuild of={one.rebuild} />}
        </>
      ),
    },
    { key: "position", title: "Position", kind: "figure", cell: (one) => <Position at={one.position} /> },
    { key: "lag", title: "Behind", kind: "figure", cell: (one) => <Behind of={one} /> },
    {
      key: "rate",
      title: "Applies",
      kind: "figure",
      isMinor: true,
      cell: (one) => `${one.applied_per_s.toLocaleString("en", { maximumFractionDigits: 1 })}/s`,
    },
    {
      key: "visible",
      title: "Readable after, p99",
      kind: "figure",
      isMinor: true,
      cell: (one) => (one.visible ? formatSeconds(one.visible.p99) : "–"),
    },
  ];
  if (may("projections:operate")) {
    columns.push({
      key: "operate",
      title: "Operate",
      isMinor: true,
      cell: (one) => (
        <span class="actions">
          {actionsFor(one, of.projections).map((what) => {
            const isAsked = asking?.name === one.name && asking.what === what;
            return (
              <button
                key={what}
                type="button"
                class={isAsked ? "link is-bad-text strong" : "link"}
                onClick={() => operate(one.name, what)}
                onBlur={() => isAsked && setAsking(null)}
              >
                {isAsked ? `Really ${what}?` : labelOf(what)}
              </button>
            );
          })}
        </span>
      ),
    });
  }
  return (
    <>
      {problem && (
        <p class="notice is-bad" role="alert">
          {problem.message} <span class="mono">{problem.code}</span>
        </p>
      )}
      {Object.entries(of.unavailable).map(([name, why]) => (
        <p key={name} class="notice is-bad" role="alert">
          {name}: {why}
        </p>
      ))}
      {of.projections.map(
        (one) =>
          one.failure && (
            <p key={one.name} class="notice is-bad" role="alert">
              <strong>{one.name}</strong> stands before <Position at={one.failure.position} /> (
              {labelOf(one.failure.category)}): {one.failure.detail}
            </p>
          ),
      )}
      <Table
        label="Read models"
        columns={columns}
        rows={of.projections}
        keyOf={(one) => `${one.model}.${one.version}`}
        isMarked={(one) => one.failure !== null}
      />
    </>
  );
}

// What makes sense now of what may be asked of the model at all.
function actionsFor(one: Projection, all: Projection[]): string[] {
  const isHalted = one.state === "paused" || one.state === "stopped";
  const has = (role: string) => all.some((other) => other.model === one.model && other.role === role);
  return one.actions.filter((what) => {
    if (what === "pause" || what === "resume") return (what === "resume") === isHalted;
    if (what === "promote" || what === "compare") return has("candidate");
    if (what === "roll-back") return one.is_serving && has("retired");
    return what === "drop" ? !one.is_serving : one.is_serving;
  });
}

function Behind({ of }: { of: Projection }) {
  if (of.lag_events === null) return <span class="quiet">not known</span>;
  if (of.lag_events === 0) return <span class="quiet">nothing</span>;
  return (
    <span class="amount">
      {plural(of.lag_events, "event")}
      {of.lag_seconds !== null && <span class="quiet">, {formatSeconds(of.lag_seconds)}</span>}
    </span>
  );
}

function Rebuild({ of }: { of: NonNullable<Projection["rebuild"]> }) {
  const percent = Math.round(of.progress * 100);
  return (
    <span class="rebuild">
      <progress max={100} value={percent} aria-label="Rebuilt" /> {percent} %
      {of.eta_s !== null && <span class="quiet">, {formatSeconds(of.eta_s)} to go</span>}
    </span>
  );
}

// Without the projections' own routes there are still their positions.
function Positions() {
  const answer = useQuery<StatusView>("/v1/status", true);
  type Line = {
    name: string;
    position: number | null;
    lag_events: number | null;
    lag_s: number | null;
    version: number;
  };
  const columns: Column<Line>[] = [
    {
      key: "name",
      title: "Read model",
      cell: (one) => (
        <>
          <span class="mono strong">{one.name}</span> <span class="quiet">v{one.version}</span>
        </>
      ),
    },
    { key: "position", title: "Position", kind: "figure", cell: (one) => <Position at={one.position} /> },
    {
      key: "events",
      title: "Behind",
      kind: "figure",
      cell: (one) => (
        <span class="amount">{one.lag_events === null ? "not known" : `${formatCount(one.lag_events)} events`}</span>
      ),
    },
    {
      key: "seconds",
      title: "For",
      kind: "figure",
      cell: (one) => (one.lag_s === null ? "–" : formatSeconds(one.lag_s)),
    },
  ];
  return (
    <Panel title="Read models" aside={<span class="quiet">to operate them is not available here</span>}>
      <Answered answer={answer}>
        {(data) => (
          <>
            {Object.entries(data.unavailable).map(([name, why]) => (
              <p key={name} class="notice is-bad">
                {name}: {why}
              </p>
            ))}
            <Table
              label="Read models"
              columns={columns}
              rows={Object.entries(data.read_models).map(([name, one]) => ({ name, ...one }))}
              keyOf={(one) => one.name}
            />
            <p class="table-foot quiet">
              The book is at <Position at={data.book?.position} />, its stream holds #{data.stream?.first} to #
              {data.stream?.last.toLocaleString("en")}.
            </p>
          </>
        )}
      </Answered>
    </Panel>
  );
}

const TASK_COLUMNS: Column<ParkedTask>[] = [
  {
    key: "what",
    title: "Task",
    cell: (one) => (
      <>
        <span class="mono">{one.reactor}</span> <span class="quiet">{one.kind}</span>
      </>
    ),
  },
  { key: "position", title: "Event", kind: "figure", cell: (one) => <Position at={one.position} /> },
  { key: "attempts", title: "Tried", kind: "figure", cell: (one) => formatCount(one.attempts) },
  { key: "behind", title: "Behind it", kind: "figure", isMinor: true, cell: (one) => formatCount(one.behind) },
  { key: "error", title: "Last error", isMinor: true, cell: (one) => one.last_error ?? "–" },
];

function Parked() {
  const answer = useQuery<{ tasks: ParkedTask[]; total: number }>("/v1/projections/parked", true);
  return (
    <Panel
      title="Parked reactions"
      aside={answer.data && answer.data.total > 0 && <Badge tone="bad">{answer.data.total}</Badge>}
    >
      <Answered answer={answer} lines={3}>
        {(data) =>
          data.tasks.length === 0 ? (
            <Empty title="Nothing is parked">Whatever followed from an event was done.</Empty>
          ) : (
            <Table
              label="Parked reactions"
              columns={TASK_COLUMNS}
              rows={data.tasks}
              keyOf={(one) => `${one.reactor}.${one.position}.${one.step}`}
            />
          )
        }
      </Answered>
    </Panel>
  );
}

const OPERATION_COLUMNS: Column<Operation>[] = [
  {
    key: "what",
    title: "Operation",
    cell: (one) => (
      <>
        {labelOf(one.action)} <span class="mono">{one.model}</span>
        {one.version !== null && <span class="quiet"> v{one.version}</span>}
      </>
    ),
  },
  {
    key: "state",
    title: "State",
    cell: (one) => (
      <span title={one.detail ?? undefined}>
        <Status of={one.state} />
      </span>
    ),
  },
  { key: "by", title: "By", isMinor: true, cell: (one) => <span class="mono">{one.asked_by}</span> },
  { key: "at", title: "Asked", kind: "figure", cell: (one) => <Moment at={one.asked_at} /> },
];

function Operations() {
  const answer = useQuery<{ operations: Operation[] }>("/v1/projections/operations", true);
  return (
    <Panel title="What was done">
      <Answered answer={answer} lines={3}>
        {(data) =>
          data.operations.length === 0 ? (
            <Empty title="Nobody operated anything" />
          ) : (
            <Table label="Operations" columns={OPERATION_COLUMNS} rows={data.operations} keyOf={(one) => one.id} />
          )
        }
      </Answered>
    </Panel>
  );
}
