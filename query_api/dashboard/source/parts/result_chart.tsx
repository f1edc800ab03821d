// A quick chart of rows: lines over days when there are days, bars by name when there are none.
import { useMemo, useState } from "preact/hooks";
import { big, type Minor } from "../exact";
import { formatMinor, toPixels } from "../money";
import type { Cell } from "../shapes";
import { Bars, Lines } from "./chart";
import { Panel } from "./page";
import { isFigure, isMinor, scaleIn, type GridColumn } from "./result_grid";

interface ChartProps {
  columns: GridColumn[];
  rows: Cell[][];
  name: string;
}

const NOT_MEASURES = new Set(["scale", "position", "leg", "line", "version"]);
const SERIES_MAX = 6;
const BARS_MAX = 14;

export function ResultChart({ columns, rows, name }: ChartProps) {
  const measures = columns
    .map((_, index) => index)
    .filter((index) => isFigure(columns[index] as GridColumn) && !NOT_MEASURES.has(columns[index]?.name ?? ""));
  const across = columns.map((_, index) => index).filter((index) => !isFigure(columns[index] as GridColumn));
  const dated = across.find((index) => isDay(rows, index));
  const [x, setX] = useState<number | null>(null);
  const [y, setY] = useState<number | null>(null);
  const [by, setBy] = useState<number | null>(null);
  const atX = x ?? dated ?? mostDistinct(rows, across);
  const atY = y ?? measures.find((index) => isMinor(columns[index] as GridColumn)) ?? measures[0];
  if (atX === undefined || atY === undefined || rows.length < 2) return null;
  const currency = columns.findIndex((column) => column.name === "currency");
  const atBy = by ?? (currency >= 0 && currency !== atX ? currency : null);
  const pick = (
    label: string,
    value: number | null,
    options: number[],
    set: (value: number | null) => void,
    none?: string,
  ) => (
    <label class="field is-inline">
      <span>{label}</span>
      <select
        value={value === null ? "" : String(value)}
        onChange={(event) =>
          set(event.currentTarget.value === "" ? (none ? -1 : null) : Number(event.currentTarget.value))
        }
      >
        {none && <option value="">{none}</option>}
        {options.map((index) => (
          <option key={index} value={String(index)}>
            {columns[index]?.name.replace(/_/g, " ")}
          </option>
        ))}
      </select>
    </label>
  );
  const split = atBy === -1 ? null : atBy;
  return (
    <Panel
      class="result-chart"
      title="Chart"
      aside={
        <div class="chart-choices">
          {pick("Show", atY, measures, setY)}
          {pick("over", atX, across, setX)}
          {pick(
            "by",
            split,
            across.filter((index) => index !== atX),
            setBy,
            "nothing",
          )}
        </div>
      }
    >
      <Drawing key={name} columns={columns} rows={rows} x={atX} y={atY} by={split} isDated={isDay(rows, atX)} />
    </Panel>
  );
}

function mostDistinct(rows: Cell[][], across: number[]): number | undefined {
  const distinct = across.map((index) => new Set(rows.map((row) => row[index])).size);
  return across[distinct.indexOf(Math.max(...distinct))];
}

// Lines that sum up others (a trial balance has them) would be drawn on top of what they sum up.
function isSummary(columns: GridColumn[], row: Cell[]): boolean {
  const level = columns.findIndex((column) => column.name === "level" || column.name === "line");
  return level >= 0 && /^(total|opening|closing|subtotal)$/.test(String(row[level]));
}

function isDay(rows: Cell[][], index: number): boolean {
  const values = rows.map((row) => row[index]).filter((value) => value !== null && value !== undefined);
  return values.length > 0 && values.every((value) => typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value));
}

interface DrawingProps {
  columns: GridColumn[];
  rows: Cell[][];
  x: number;
  y: number;
  by: number | null;
  isDated: boolean;
}
interface Sum {
  key: string;
  group: string;
  minor: bigint;
  scale: number;
}

function Drawing({ columns, rows, x, y, by, isDated }: DrawingProps) {
  const sums = useMemo(() => sumsOf(columns, rows, x, y, by), [columns, rows, x, y, by]);
  const title = `${columns[y]?.name ?? ""} by ${columns[x]?.name ?? ""}`;
  if (sums.length === 0) return <p class="quiet">These columns have nothing to draw.</p>;
  const isOverTime = isDated && new Set(sums.map((one) => one.key)).size > 1; // one day is no line
  if (!isOverTime) {
    const greatest = [...sums]
      .sort((one, other) => Math.abs(pixelsOf(other)) - Math.abs(pixelsOf(one)))
      .slice(0, BARS_MAX);
    return (
      <>
        <Bars
          label={title}
          bars={greatest.map((one) => ({
            name: one.group ? `${one.key} · ${one.group}` : one.key,
            value: pixelsOf(one),
            words: formatMinor(one.minor, one.scale),
          }))}
        />
        {sums.length > BARS_MAX && (
          <p class="table-foot quiet">
            The {BARS_MAX} greatest of {sums.length}.
          </p>
        )}
      </>
    );
  }
  return <OverDays sums={sums} title={title} />;
}

function OverDays({ sums, title }: { sums: Sum[]; title: string }) {
  const drawn = useMemo(() => {
    const days = [...new Set(sums.map((one) => one.key))].sort();
    const groups = [...new Set(sums.map((one) => one.group))].slice(0, SERIES_MAX);
    const found = new Map(sums.map((one) => [`${one.key}|${one.group}`, one]));
    const series = groups.map((group) => {
      const exact = days.map((day) => found.get(`${day}|${group}`));
      return {
        name: group || title,
        values: exact.map((one) => (one ? pixelsOf(one) : 0)),
        words: (index: number) => {
          const one = exact[index];
          return one ? formatMinor(one.minor, one.scale) : "0";
        },
      };
    });
    return { at: days.map((day) => Date.parse(day.length === 10 ? `${day}T00:00:00Z` : day) / 1000), series };
  }, [sums]);
  const isFew = drawn.at.length < 20;
  return (
    <Lines
      label={title}
      at={drawn.at}
      series={drawn.series}
      kind={isFew && drawn.series.length === 1 ? "bars" : "line"}
      hasDays
      height={220}
    />
  );
}

// Exact sums of the rows that share a place and a group. Decimals of a query are no money: they are drawn as they are.
function sumsOf(columns: GridColumn[], rows: Cell[][], x: number, y: number, by: number | null): Sum[] {
  const found = new Map<string, Sum>();
  for (const row of rows) {
    const value = row[y];
    if (isSummary(columns, row)) continue;
    if (typeof value !== "number" && typeof value !== "bigint") continue;
    const key = String(row[x] ?? "–");
    const group = by === null ? "" : String(row[by] ?? "–");
    const scale = isMinor(columns[y] as GridColumn) ? (scaleIn(columns, row) ?? 0) : 0;
    const before = found.get(`${key}|${group}`);
    const minor = typeof value === "number" && !Number.isInteger(value) ? big(Math.round(value)) : big(value as Minor);
    if (before) before.minor += minor;
    else found.set(`${key}|${group}`, { key, group, minor, scale });
  }
  return [...found.values()];
}

function pixelsOf(sum: Sum): number {
  return toPixels(sum.minor, sum.scale);
}
