// What reconciliation suggests: matches that a person would have to confirm, with the request that accepts each.
import { writeExact } from "../exact";
import { AccountId, Amount, Moment, Position } from "../parts/figures";
import { Answered, Empty } from "../parts/states";
import { More, Table, type Column } from "../parts/table";
import { usePages } from "../query";
import type { Suggestion, SuggestionPage } from "../shapes";
import { labelOf } from "../words";

export function Suggestions() {
  const pages = usePages<SuggestionPage>("/v1/matches/suggestions?limit=100", true);
  return (
    <>
      <Answered answer={pages}>
        {(first) => {
          const rows = [first, ...pages.rest].flatMap((page) => page.suggestions);
          if (rows.length > 0 || pages.more) {
            return <Table label="suggestions" columns={COLUMNS} rows={rows} keyOf={(one) => one.suggestion_id} />;
          }
          return (
            <Empty title="Nothing is suggested">
              {first.looked_at ? (
                <>
                  Last looked at <Moment at={first.looked_at} />.
                </>
              ) : (
                "No statement was matched yet."
              )}
            </Empty>
          );
        }}
      </Answered>
      <More pages={pages} />
    </>
  );
}

const COLUMNS: Column<Suggestion>[] = [
  { key: "score", title: "Score", kind: "figure", cell: (one) => <span class="mono">{one.score_permille} ‰</span> },
  { key: "rule", title: "Rule", cell: (one) => labelOf(one.rule) },
  { key: "account", title: "Account", isExtra: true, cell: (one) => <AccountId of={one.account_id} /> },
  {
    key: "lines",
    title: "Lines of the bank",
    cell: (one) => (
      <ul class="values">
        {one.lines.map((line) => (
          <li key={line.line_id}>
            <span class="mono">{line.line_id}</span> of {line.booked_on}:{" "}
            <Amount minor={line.amount_minor} currency={one.currency} />
          </li>
        ))}
      </ul>
    ),
  },
  {
    key: "entries",
    title: "Entries of the book",
    cell: (one) => (
      <ul class="values">
        {one.entries.map((entry) => (
          <li key={`${entry.position}.${entry.leg}`}>
            <Position at={entry.position} /> leg {entry.leg} of {entry.effective_on}:{" "}
            <Amount minor={entry.amount_minor} currency={one.currency} />
          </li>
        ))}
      </ul>
    ),
  },
  {
    key: "difference",
    title: "Difference",
    kind: "figure",
    isMinor: true,
    cell: (one) => <Amount minor={one.difference_minor} currency={one.currency} isQuietAtZero />,
  },
  { key: "accept", title: "Accept", cell: (one) => <Request of={one} /> },
];

// Commands are sent to the command API, by a person or a program: the page says which.
function Request({ of }: { of: Suggestion }) {
  if (!of.accept) return <span class="quiet">no match: differs by too much, or has too many items</span>;
  return (
    <details>
      <summary>
        <code>POST /v1/matches</code>
      </summary>
      <pre class="code" tabIndex={0} aria-label={`What accepts ${of.suggestion_id}`}>
        {writeExact(of.accept)}
      </pre>
    </details>
  );
}
