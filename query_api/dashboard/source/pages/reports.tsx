// Finance: every report of the catalogue with its parameters, as a table, a chart and a file.
import { useState } from "preact/hooks";
import { ask, request, tell } from "../api";
import { learnScale } from "../currencies";
import { problemOf, useQuery } from "../query";
import type { Problem } from "../api";
import { Icon } from "../parts/icons";
import { Page, Panel } from "../parts/page";
import { ResultChart } from "../parts/result_chart";
import { ResultGrid } from "../parts/result_grid";
import { Answered, Empty } from "../parts/states";
import { hrefOf, setQuery, usePlace } from "../router";
import type { ExportView, ReportCatalogue, ReportDescription, ReportParameter, ReportView } from "../shapes";
import { plural } from "../words";

export function ReportsPage({ name }: { name: string }) {
  const catalogue = useQuery<ReportCatalogue>("/v1/reports");
  return (
    <Page title="Reports">
      <Answered answer={catalogue}>
        {(data) => {
          const report =
            data.reports.find((one) => one.name === name) ??
            (name ? undefined : (data.reports.find((one) => one.name === "trial-balance") ?? data.reports[0]));
          return (
            <div class="with-list">
              <nav class="list" aria-label="Reports">
                {data.reports.map((one) => (
                  <a
                    key={one.name}
                    href={hrefOf(`/reports/${one.name}`)}
                    aria-current={one === report ? "page" : undefined}
                  >
                    {one.title}
                  </a>
                ))}
              </nav>
              <div class="stack">
                {report ? (
                  <Report key={report.name} of={report} mediaTypes={data.media_types} />
                ) : (
                  <Panel>
                    <Empty icon="search" title={`There is no report ${name}`} />
                  </Panel>
                )}
              </div>
            </div>
          );
        }}
      </Answered>
    </Page>
  );
}

function Report({ of, mediaTypes }: { of: ReportDescription; mediaTypes: string[] }) {
  const { query } = usePlace();
  const given = new URLSearchParams();
  for (const parameter of of.parameters)
    if (query.get(parameter.name)) given.set(parameter.name, query.get(parameter.name) ?? "");
  const compared = query.get("compare_to");
  if (of.compares && compared) given.set("compare_to", compared);
  const missing = of.parameters.filter((parameter) => parameter.required && !given.get(parameter.name));
  const path = `/v1/reports/${of.name}${given.size ? `?${given}` : ""}`;
  const answer = useQuery<ReportView>(missing.length ? null : path);
  if (answer.data) learnScales(answer.data);
  return (
    <>
      <Panel
        title={of.title}
        aside={missing.length === 0 && <Exports path={path} name={of.name} mediaTypes={mediaTypes} />}
      >
        <p class="panel-lead">{of.description}</p>
        <Parameters of={of.parameters} compares={of.compares ?? null} />
        {answer.data && (
          <p class="table-foot quiet" data-as-of={answer.data.as_of.position}>
            {plural(answer.data.rows.length, "row")}, as of{" "}
            <a class="mono" href={hrefOf(`/audit/${answer.data.as_of.position}`)}>
              #{answer.data.as_of.position.toLocaleString("en")}
            </a>
          </p>
        )}
      </Panel>
      {missing.length > 0 ? (
        <Panel>
          <Empty
            icon="reports"
            title={`Give ${missing.map((one) => one.name.replace(/_/g, " ")).join(" and ")} first`}
          />
        </Panel>
      ) : (
        <Answered answer={answer} lines={10}>
          {(view) =>
            view.rows.length === 0 ? (
              <Panel>
                <Empty icon="reports" title="No rows">
                  Nothing in the book matches these parameters.
                </Empty>
              </Panel>
            ) : (
              <>
                <ResultChart columns={view.columns} rows={view.rows} name={`report.${of.name}`} />
                <Panel>
                  <ResultGrid label={of.title} columns={view.columns} rows={view.rows} drill={view.drill} />
                </Panel>
              </>
            )
          }
        </Answered>
      )}
    </>
  );
}

function learnScales(view: ReportView): void {
  const currency = view.columns.findIndex((column) => column.name === "currency");
  const scale = view.columns.findIndex((column) => column.name === "scale");
  if (currency < 0 || scale < 0) return;
  for (const row of view.rows)
    if (typeof row[currency] === "string" && typeof row[scale] === "number") learnScale(row[currency], row[scale]);
}

const COMPARED = { period: "previous, 2026-10, 2026-Q1", date: "2026-10-31, year-before" };

function Parameters({ of, compares }: { of: ReportParameter[]; compares: "period" | "date" | null }) {
  const { query } = usePlace();
  return (
    <div class="filters">
      {of.map((parameter) => (
        <label key={parameter.name} class="field" title={parameter.description}>
          <span>
            {parameter.name.replace(/_/g, " ")}
            {parameter.required && " *"}
          </span>
          {parameter.type === "date" ? (
            <input
              type="date"
              name={parameter.name}
              value={query.get(parameter.name) ?? ""}
              onChange={(event) => setQuery({ [parameter.name]: event.currentTarget.value })}
            />
          ) : (
            <input
              type="text"
              name={parameter.name}
              inputMode={parameter.type === "position" ? "numeric" : undefined}
              spellcheck={false}
              autocomplete="off"
              value={query.get(parameter.name) ?? ""}
              placeholder={placeholderOf(parameter)}
              onChange={(event) => setQuery({ [parameter.name]: event.currentTarget.value.trim() })}
            />
          )}
        </label>
      ))}
      {compares && (
        <label class="field" title={COMPARED[compares]}>
          <span>compare to</span>
          <input
            type="text"
            name="compare_to"
            placeholder={COMPARED[compares]}
            spellcheck={false}
            autocomplete="off"
            value={query.get("compare_to") ?? ""}
            onChange={(event) => setQuery({ compare_to: event.currentTarget.value.trim() })}
          />
        </label>
      )}
    </div>
  );
}

function placeholderOf(parameter: ReportParameter): string {
  if (parameter.default !== undefined && parameter.default !== null) return String(parameter.default);
  return (
    { currency: "EUR", account_id: "customers:alice:eur", as_of_position: "newest" }[parameter.name] ??
    (parameter.required ? "required" : "any")
  );
}

const FORMATS: [string, string, string][] = [
  ["text/csv", "CSV", "csv"],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel", "xlsx"],
  ["application/vnd.apache.parquet", "Parquet", "parquet"],
  ["application/vnd.apache.arrow.stream", "Arrow", "arrow"],
  ["application/json", "JSON", "json"],
];

// What is too large for one answer is written in the background; the link it ends with needs no token.
function Exports({ path, name, mediaTypes }: { path: string; name: string; mediaTypes: string[] }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState("");
  const [export_, setExport] = useState<ExportView | null>(null);
  const save = async (mediaType: string, suffix: string) => {
    setBusy(mediaType);
    setProblem(null);
    setExport(null);
    try {
      await saveNow(path, mediaType, name, suffix);
    } catch (error) {
      const why = problemOf(error);
      if (why.code !== "report_too_large") setProblem(why);
      else await saveLater(path, name, suffix, setExport).catch((failed: unknown) => setProblem(problemOf(failed)));
    } finally {
      setBusy("");
    }
  };
  return (
    <>
      <div class="exports" role="group" aria-label="Save as a file">
        <Icon name="download" />
        {FORMATS.filter(([mediaType]) => mediaTypes.includes(mediaType)).map(([mediaType, title, suffix]) => (
          <button
            key={mediaType}
            type="button"
            class="link"
            disabled={busy !== ""}
            onClick={() => void save(mediaType, suffix)}
          >
            {busy === mediaType ? "…" : title}
          </button>
        ))}
      </div>
      {export_ && <ExportWords of={export_} />}
      {problem && (
        <span class="is-bad-text" role="alert">
          {problem.message}
        </span>
      )}
    </>
  );
}

function ExportWords({ of }: { of: ExportView }) {
  if (of.status === "failed")
    return (
      <span class="is-bad-text" role="alert">
        The file could not be made{of.failure && `: ${of.failure}`}.
      </span>
    );
  if (of.status === "done" && of.link)
    return (
      <a href={of.link} download>
        The file is ready: {plural(of.rows, "row")}
      </a>
    );
  return (
    <span role="status">Large: a file is being made{of.progress > 0 && `, ${Math.round(of.progress * 100)} %`} …</span>
  );
}

async function saveNow(path: string, mediaType: string, name: string, suffix: string): Promise<void> {
  const response = await request(path, { headers: { accept: mediaType } });
  const position = response.headers.get("as-of-position");
  offer(await response.blob(), `${name}${position ? `-at-${position}` : ""}.${suffix}`);
}

const EXPORT_POLL_MS = 1_000;
const EXPORT_POLLS_MAX = 900;

async function saveLater(path: string, report: string, format: string, show: (of: ExportView) => void): Promise<void> {
  const parameters = Object.fromEntries(new URLSearchParams(path.split("?")[1] ?? ""));
  let made = await tell<ExportView>("POST", "/v1/exports", { report, parameters, format });
  for (let polls = 0; polls < EXPORT_POLLS_MAX && made.status !== "done" && made.status !== "failed"; polls++) {
    show(made);
    await new Promise((resolve) => setTimeout(resolve, EXPORT_POLL_MS));
    made = await ask<ExportView>(`/v1/exports/${encodeURIComponent(made.export_id)}`);
  }
  show(made);
}

const LINK_KEPT_MS = 10_000;

function offer(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), LINK_KEPT_MS);
}
