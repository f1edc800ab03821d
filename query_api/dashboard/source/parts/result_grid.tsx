// Rows of a report or a query: only those in sight are drawn, amounts are written with their currency's scale.
import { useMemo, useRef, useState } from "preact/hooks";
import { scaleOf } from "../currencies";
import type { Minor } from "../exact";
import { formatCount, formatMinor } from "../money";
import { hrefOf } from "../router";
import { pageOf } from "../places";
import type { Cell, DrillLink } from "../shapes";
import { useStore } from "../store";
import { formatMoment, zone } from "../time";
import { pathOf } from "./figures";

export interface GridColumn {
  name: string;
  type: string;
  unit?: string | null;
  description?: string;
}
interface GridProps {
  label: string;
  columns: GridColumn[];
  rows: Cell[][];
  drill?: (DrillLink | null)[];
}

const ROW_PX = 30;
const ALL_ROWS_MAX = 200;
const AROUND_ROWS = 12;

type Sorting = { column: number; isDown: boolean } | null;

export function ResultGrid({ label, columns, rows, drill = [] }: GridProps) {
  const [sorting, setSorting] = useState<Sorting>(null);
  const [top, setTop] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  useStore(zone);
  const shown = useMemo(
    () => columns.map((_, index) => index).filter((index) => !isScaleBesideAmounts(columns, index)),
    [columns],
  );
  const sorted = useMemo(() => orderOf(rows, sorting), [rows, sorting]);
  const hasDrill = drill.some((link) => link !== null);
  const width = shown.length + (hasDrill ? 1 : 0);
  const isTall = sorted.length > ALL_ROWS_MAX;
  const first = isTall ? Math.max(0, Math.floor(top / ROW_PX) - AROUND_ROWS) : 0;
  const count = isTall ? Math.ceil((box.current?.clientHeight ?? 600) / ROW_PX) + 2 * AROUND_ROWS : sorted.length;
  const visible = sorted.slice(first, first + count);
  const sort = (column: number) =>
    setSorting((before) =>
      before?.column !== column ? { column, isDown: false } : before.isDown ? null : { column, isDown: true },
    );
  return (
    <div
      ref={box}
      class={`scroll grid${isTall ? " is-tall" : ""}`}
      role="region"
      aria-label={label}
      tabIndex={0}
      onScroll={isTall ? (event) => setTop(event.currentTarget.scrollTop) : undefined}
    >
      <table class="table" aria-rowcount={sorted.length}>
        <thead>
          <tr>
            {shown.map((index) => {
              const column = columns[index] as GridColumn;
              const direction = sorting?.column === index ? (sorting.isDown ? "descending" : "ascending") : undefined;
              return (
                <th
                  key={column.name}
                  scope="col"
                  class={isFigure(column) ? "is-figure" : undefined}
                  aria-sort={direction}
                  title={column.description ?? column.type}
                >
                  <button type="button" class="sorter" onClick={() => sort(index)}>
                    {titleOf(column)}
                    {direction && <span aria-hidden="true">{direction === "ascending" ? " ↑" : " ↓"}</span>}
                  </button>
                </th>
              );
            })}
            {hasDrill && (
              <th scope="col">
                <span class="unseen">Behind it</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          <Gap px={first * ROW_PX} span={width} />
          {visible.map(({ row, at: place }, index) => (
            <tr key={place} aria-rowindex={first + index + 1}>
              {shown.map((at) => (
                <td key={at} class={isFigure(columns[at] as GridColumn) ? "is-figure" : undefined}>
                  <GridCell columns={columns} row={row} at={at} />
                </td>
              ))}
              {hasDrill && (
                <td>
                  <Drill to={drill[place] ?? null} />
                </td>
              )}
            </tr>
          ))}
          <Gap px={Math.max(0, sorted.length - first - visible.length) * ROW_PX} span={width} />
        </tbody>
      </table>
    </div>
  );
}

interface Placed {
  row: Cell[];
  at: number;
}

function orderOf(rows: Cell[][], sorting: Sorting): Placed[] {
  const placed = rows.map((row, at) => ({ row, at }));
  if (!sorting) return placed;
  const compare = by(sorting);
  return placed.sort((one, other) => compare(one.row, other.row));
}

function Drill({ to }: { to: DrillLink | null }) {
  return to ? (
    <a href={pageOf(to.path, to.parameters)} title="What is behind this line">
      Entries
    </a>
  ) : null;
}

function Gap({ px, span }: { px: number; span: number }) {
  return px > 0 ? (
    <tr aria-hidden="true" class="gap">
      <td colSpan={span} style={{ height: `${px}px` }} />
    </tr>
  ) : null;
}

export function isMinor(column: GridColumn): boolean {
  return column.unit === "minor" || column.name.endsWith("_minor");
}

export function isFigure(column: GridColumn): boolean {
  return isMinor(column) || /int|decimal|double|float|number|real/i.test(column.type);
}

function isScaleBesideAmounts(columns: GridColumn[], index: number): boolean {
  return columns[index]?.name === "scale" && columns.some(isMinor);
}

function titleOf(column: GridColumn): string {
  return column.name.replace(/_minor$/, "").replace(/_/g, " ");
}

const UNITS: Record<string, (value: Minor) => string> = {
  count: formatCount,
  permille: (value) => `${formatMinor(value, 1)} %`,
  ms: (value) => `${formatCount(value)} ms`,
  days: (value) => `${formatCount(value)} d`,
};

// The figure of a cell as it is shown: in words for amounts, so that charts and cells say the same.
export function wordsOf(columns: GridColumn[], row: Cell[], at: number): string {
  const value = row[at];
  const column = columns[at] as GridColumn;
  if (value === null || value === undefined) return "";
  if (!isWhole(value)) return String(value);
  if (isMinor(column)) return formatMinor(value, scaleIn(columns, row) ?? 0);
  return UNITS[column.unit ?? ""]?.(value) ?? String(value);
}

export function scaleIn(columns: GridColumn[], row: Cell[]): number | null {
  const scale = row[columns.findIndex((column) => column.name === "scale")];
  if (typeof scale === "number") return scale;
  const currency = row[columns.findIndex((column) => column.name === "currency")];
  return typeof currency === "string" ? scaleOf(currency) : null;
}

function GridCell({ columns, row, at }: { columns: GridColumn[]; row: Cell[]; at: number }) {
  const value = row[at];
  const column = columns[at] as GridColumn;
  if (value === null || value === undefined) return <span class="quiet">–</span>;
  if (isMinor(column) && isWhole(value)) {
    const scale = scaleIn(columns, row);
    const unit = scale === null ? <span class="quiet"> minor</span> : null;
    return (
      <span class="amount">
        {wordsOf(columns, row, at)}
        {unit}
      </span>
    );
  }
  if (typeof value === "boolean") return <>{value ? "true" : "false"}</>;
  if (typeof value !== "string") return <span class="amount">{wordsOf(columns, row, at)}</span>;
  if (column.name.endsWith("account_id"))
    return (
      <a class="mono" href={hrefOf(`/accounts/${encodeURIComponent(value)}`)}>
        {value}
      </a>
    );
  if (/^\d{4}-\d\d-\d\dT/.test(value))
    return (
      <time dateTime={value} title={value}>
        {formatMoment(value)}
      </time>
    );
  const path = pathOf(value);
  return path ? (
    <a class="mono" href={hrefOf(path)}>
      {value}
    </a>
  ) : (
    <span class={/^\d{4}-\d\d-\d\d$/.test(value) ? "mono" : undefined}>{value}</span>
  );
}

function isWhole(value: Cell): value is Minor {
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

function by({ column, isDown }: { column: number; isDown: boolean }) {
  return (one: Cell[], other: Cell[]) => {
    const [a, b] = [one[column] ?? null, other[column] ?? null];
    if (a === b) return 0;
    if (a === null) return 1;
    if (b === null) return -1;
    return (a < b ? -1 : 1) * (isDown ? -1 : 1);
  };
}
