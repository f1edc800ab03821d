// SQL over the lake's views: schema beside the editor, rows and a quick chart below, queries kept by name.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { tell, type Problem } from "../api";
import { createEditor, type Editor } from "../editor";
import { Icon } from "../parts/icons";
import { Page, Panel } from "../parts/page";
import { ResultChart } from "../parts/result_chart";
import { ResultGrid, type GridColumn } from "../parts/result_grid";
import { Answered, Empty, Loading, NotHere, Refused } from "../parts/states";
import { problemOf, useQuery, type Answer } from "../query";
import { hrefOf } from "../router";
import type { CatalogEntry, SavedQuery, SqlAnswer } from "../shapes";
import { formatSeconds } from "../time";
import { plural } from "../words";

const DRAFT = "bursar.sql";
const LIMIT_ROWS = 5_000;

interface Catalog {
  views: CatalogEntry[];
  functions: string[];
}

export function SqlPage() {
  const catalog = useQuery<Catalog>("/v1/catalog");
  const views = useMemo(() => catalog.data?.views ?? [], [catalog.data]);
  const editor = useRef<Editor | null>(null);
  const [result, setResult] = useState<{ answer: SqlAnswer | null; problem: Problem | null; isRunning: boolean }>({
    answer: null,
    problem: null,
    isRunning: false,
  });
  const run = () => {
    const sql = editor.current?.text().trim();
    if (!sql) return;
    setResult((before) => ({ ...before, isRunning: true, problem: null }));
    tell<SqlAnswer>("POST", "/v1/sql", { sql, limit: LIMIT_ROWS }).then(
      (answer) => setResult({ answer, problem: null, isRunning: false }),
      (error: unknown) => setResult({ answer: null, problem: problemOf(error), isRunning: false }),
    );
  };
  if (catalog.data === null && catalog.problem?.isAbsent) {
    return (
      <Page title="SQL">
        <Panel>
          <NotHere>
            This installation's query API takes no ad-hoc SQL. <a href={hrefOf("/reports")}>Reports</a> answer the usual
            questions.
          </NotHere>
        </Panel>
      </Page>
    );
  }
  return (
    <Page title="SQL">
      <div class="sql">
        <Schema
          catalog={catalog}
          views={views}
          insert={(text) => editor.current?.insert(text)}
          show={(text) => editor.current?.setText(text)}
        />
        <div class="stack">
          <Panel class="sql-panel">
            <EditorBox editor={editor} views={views} run={run} />
            <div class="sql-tools">
              <button type="button" class="button is-primary" onClick={run} disabled={result.isRunning}>
                <Icon name="play" />
                {result.isRunning ? "Running…" : "Run"} <kbd>Ctrl Enter</kbd>
              </button>
              <Saved editor={editor} />
            </div>
          </Panel>
          <Result of={result} />
        </div>
      </div>
    </Page>
  );
}

function EditorBox({
  editor,
  views,
  run,
}: {
  editor: { current: Editor | null };
  views: CatalogEntry[];
  run: () => void;
}) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!host.current) return;
    const made = createEditor({
      host: host.current,
      text: localStorage.getItem(DRAFT) ?? "",
      run: () => latest.current(),
      changed: (text) => localStorage.setItem(DRAFT, text),
    });
    editor.current = made;
    made.focus();
    return () => {
      made.destroy();
      editor.current = null;
    };
  }, []);
  useEffect(() => {
    const schema = views.map((view) => [
      view.name,
      view.columns.map((column) => ({
        label: column.name,
        detail: column.type,
        info: column.description ?? undefined,
      })),
    ]);
    editor.current?.setSchema(Object.fromEntries(schema));
    if (views.length > 0 && editor.current?.text() === "") editor.current.setText(firstQuery(views));
  }, [views]);
  return <div class="editor" ref={host} />;
}

function firstQuery(views: CatalogEntry[]): string {
  const example = views.flatMap((view) => view.examples)[0];
  if (example) return example.sql;
  return `SELECT *\nFROM ${views[0]?.name ?? ""}\nLIMIT 100`;
}

interface SchemaProps {
  catalog: Answer<Catalog>;
  views: CatalogEntry[];
  insert: (text: string) => void;
  show: (sql: string) => void;
}

function Schema({ catalog, views, insert, show }: SchemaProps) {
  const [wanted, setWanted] = useState("");
  const matching = views.filter(
    (view) => !wanted || view.name.includes(wanted) || view.columns.some((column) => column.name.includes(wanted)),
  );
  return (
    <Panel title="Views" class="schema" aside={<span class="count">{views.length || ""}</span>}>
      <input
        class="schema-search"
        type="search"
        aria-label="Find a view or a column"
        placeholder="Find a view or column"
        value={wanted}
        onInput={(event) => setWanted(event.currentTarget.value.trim().toLowerCase())}
      />
      <Answered answer={catalog}>
        {() => (
          <ul class="schema-views">
            {matching.map((view) => (
              <li key={view.name}>
                <details open={wanted !== ""}>
                  <summary title={view.title}>
                    <span class="mono">{view.name}</span>
                  </summary>
                  <p class="quiet">{view.description}</p>
                  <ul>
                    {view.columns.map((column) => (
                      <li key={column.name}>
                        <button
                          type="button"
                          class="schema-column"
                          title={column.description + (column.example ? `; for example ${column.example}` : "")}
                          onClick={() => insert(column.name)}
                        >
                          <span class="mono">{column.name}</span>
                          <span class="quiet">{column.unit || column.type.toLowerCase()}</span>
                        </button>
                      </li>
                    ))}
                  </ul>
                  <ul class="schema-examples">
                    <li>
                      <button type="button" class="link" onClick={() => insert(view.name)}>
                        Insert the name
                      </button>
                    </li>
                    {view.examples.map((example) => (
                      <li key={example.title}>
                        <button type="button" class="link" title={example.sql} onClick={() => show(example.sql)}>
                          {example.title}
                        </button>
                      </li>
                    ))}
                  </ul>
                </details>
              </li>
            ))}
          </ul>
        )}
      </Answered>
    </Panel>
  );
}

function Saved({ editor }: { editor: { current: Editor | null } }) {
  const answer = useQuery<{ saved_queries: SavedQuery[] }>("/v1/saved-queries");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [chosen, setChosen] = useState("");
  const [name, setName] = useState("");
  if (answer.data === null && answer.problem)
    return answer.problem.isAbsent ? null : <span class="quiet">{answer.problem.message}</span>;
  const queries = answer.data?.saved_queries ?? [];
  const change = (method: "PUT" | "DELETE", of: string, body?: unknown) => {
    setProblem(null);
    tell(method, `/v1/saved-queries/${encodeURIComponent(of)}`, body).then(
      () => {
        answer.reload();
        setChosen(method === "PUT" ? of : "");
        setName("");
      },
      (error: unknown) => setProblem(problemOf(error)),
    );
  };
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const sql = editor.current?.text().trim();
    if (sql && name) change("PUT", name, { sql });
  };
  return (
    <>
      <label class="field is-inline">
        <span>Saved</span>
        <select
          value={chosen}
          onChange={(event) => {
            const query = queries.find((one) => one.name === event.currentTarget.value);
            setChosen(event.currentTarget.value);
            if (query) editor.current?.setText(query.sql);
          }}
        >
          <option value="">{queries.length ? "Choose…" : "none yet"}</option>
          {queries.map((query) => (
            <option key={query.name} value={query.name}>
              {query.name}
            </option>
          ))}
        </select>
      </label>
      {chosen && (
        <button type="button" class="link" onClick={() => change("DELETE", chosen)}>
          Delete
        </button>
      )}
      <form class="field is-inline" onSubmit={save}>
        <label for="query-name">Save as</label>
        <input
          id="query-name"
          value={name}
          pattern="[a-z0-9][a-z0-9_\-]*"
          placeholder="name"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={!name}>
          Save
        </button>
      </form>
      {problem && (
        <span class="is-bad-text" role="alert">
          {problem.message}
        </span>
      )}
    </>
  );
}

function Result({ of }: { of: { answer: SqlAnswer | null; problem: Problem | null; isRunning: boolean } }) {
  if (of.problem) {
    if (of.problem.status === 0 || of.problem.status >= 500)
      return (
        <Panel>
          <Refused problem={of.problem} />
        </Panel>
      );
    return (
      <Panel>
        <div class="state is-bad" role="alert">
          <Icon name="alert" />
          <p class="state-title">The query was refused</p>
          <pre class="code sql-error">{of.problem.message}</pre>
          <p class="quiet mono">{of.problem.code}</p>
        </div>
      </Panel>
    );
  }
  if (of.answer === null)
    return (
      <Panel>
        {of.isRunning ? (
          <Loading />
        ) : (
          <Empty icon="sql" title="No result yet">
            Amounts are integers in minor units; join or show <code>currency</code> and <code>scale</code> to see them
            as money.
          </Empty>
        )}
      </Panel>
    );
  const { columns, rows, truncated, position, elapsed_ms } = of.answer;
  const grid: GridColumn[] = columns;
  return (
    <>
      {rows.length > 1 && <ResultChart columns={grid} rows={rows} name={columns.map((column) => column.name).join()} />}
      <Panel
        title={plural(rows.length, "row")}
        aside={
          <span class="quiet">
            {formatSeconds(elapsed_ms / 1000)}, as of #{position.toLocaleString("en")}
          </span>
        }
      >
        {truncated && (
          <p class="notice is-warn">Only the first {rows.length.toLocaleString("en")} rows: there are more.</p>
        )}
        {rows.length === 0 ? (
          <Empty icon="sql" title="No rows" />
        ) : (
          <ResultGrid label="Result" columns={grid} rows={rows} />
        )}
      </Panel>
    </>
  );
}
