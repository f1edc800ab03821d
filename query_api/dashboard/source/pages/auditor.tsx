// The auditor: how far each side is proved against the book, and what differs.
import { useState } from "preact/hooks";
import { tell, type Problem } from "../api";
import { formatCount } from "../money";
import { AccountId, Badge, Moment, Position } from "../parts/figures";
import { Panel } from "../parts/page";
import { Answered, NotHere, Refused } from "../parts/states";
import { Table, type Column } from "../parts/table";
import { problemOf, useQuery } from "../query";
import { may } from "../session";
import type { Audits } from "../shapes_models";
import { labelOf, plural } from "../words";

export function Auditor() {
  const answer = useQuery<Audits>("/v1/audits", true);
  if (answer.data === null && answer.problem?.isAbsent) {
    return (
      <Panel title="Auditor">
        <NotHere>
          No auditor runs in this installation. <code>./bursar verify</code> compares all copies once.
        </NotHere>
      </Panel>
    );
  }
  return (
    <Panel title="Auditor" aside={answer.data && <AuditState of={answer.data} />}>
      <Answered answer={answer}>{(data) => <Findings of={data} reload={answer.reload} />}</Answered>
    </Panel>
  );
}

function AuditState({ of }: { of: Audits }) {
  if (of.last_run.differences > 0) return <Badge tone="bad">{plural(of.last_run.differences, "difference")}</Badge>;
  if (of.state === "sound") return <Badge tone="good">All copies agree</Badge>;
  return <Badge tone="warn">{of.state === "never" ? "No audit yet" : labelOf(of.state)}</Badge>;
}

type Side = Audits["sides"][number];
type Difference = Audits["differences"][number];

const SIDE_COLUMNS: Column<Side>[] = [
  { key: "side", title: "Side", cell: (one) => labelOf(one.side) },
  { key: "to", title: "Proved up to", kind: "figure", cell: (one) => <Position at={one.audited_to} /> },
  {
    key: "compared",
    title: "Values compared",
    kind: "figure",
    cell: (one) => <span class="amount">{formatCount(one.compared)}</span>,
  },
  {
    key: "swept",
    title: "Last whole sweep",
    kind: "figure",
    isMinor: true,
    cell: (one) => <Moment at={one.swept_at} />,
  },
  {
    key: "waiting",
    title: "",
    isMinor: true,
    cell: (one) => (one.waiting ? <Badge tone="warn">{one.waiting}</Badge> : ""),
  },
];

const DIFFERENCE_COLUMNS: Column<Difference>[] = [
  {
    key: "subject",
    title: "What",
    cell: (one) => (one.account_id ? <AccountId of={one.account_id} /> : <span class="mono">{one.subject}</span>),
  },
  { key: "field", title: "Value", cell: (one) => <span class="mono">{one.field}</span> },
  { key: "side", title: "Copy", cell: (one) => `${labelOf(one.side)}, ${one.model}` },
  { key: "expected", title: "Book", kind: "figure", cell: (one) => <span class="mono">{one.expected}</span> },
  { key: "found", title: "Copy says", kind: "figure", cell: (one) => <span class="mono">{one.found}</span> },
  { key: "position", title: "At", kind: "figure", isMinor: true, cell: (one) => <Position at={one.position} /> },
  { key: "when", title: "Found", kind: "figure", isMinor: true, cell: (one) => <Moment at={one.found_at} /> },
];

function Findings({ of, reload }: { of: Audits; reload: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asked, setAsked] = useState(false);
  const heal = () => {
    tell("POST", "/v1/audits/heal").then(
      () => {
        setAsked(true);
        reload();
      },
      (error: unknown) => setProblem(problemOf(error)),
    );
  };
  return (
    <>
      {problem && <Refused problem={problem} />}
      {of.differences.length > 0 && (
        <>
          <Table
            label="Differences"
            columns={DIFFERENCE_COLUMNS}
            rows={of.differences}
            keyOf={(one) => `${one.side}.${one.model}.${one.subject}.${one.field}`}
            isMarked={() => true}
          />
          {may("projections:operate") && (
            <div class="more">
              <button type="button" class="button" onClick={heal} disabled={asked}>
                {asked ? "Asked for" : "Make the copies again from the book"}
              </button>
            </div>
          )}
        </>
      )}
      <Table label="Sides" columns={SIDE_COLUMNS} rows={of.sides} keyOf={(one) => one.side} />
      {of.last_run.at && (
        <p class="table-foot quiet">
          Everything is proved up to <Position at={of.last_run.position} />, looked at <Moment at={of.last_run.at} />.
        </p>
      )}
    </>
  );
}
