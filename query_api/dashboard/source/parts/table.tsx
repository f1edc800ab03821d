// A table that a keyboard can walk: j and k move between rows, Enter opens the one in focus.
import type { ComponentChildren } from "preact";
import type { Pages } from "../query";
import { Refused } from "./states";

export interface Column<T> {
  key: string;
  title: string;
  kind?: "text" | "figure"; // figures stand right-aligned under each other
  isMinor?: boolean; // left out on a phone
  isExtra?: boolean; // left out unless there is room
  cell: (row: T) => ComponentChildren;
}

interface TableProps<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string | number;
  isMarked?: (row: T) => boolean;
}

export function Table<T>({ label, columns, rows, keyOf, isMarked }: TableProps<T>) {
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={classOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={isMarked?.(row) ? "is-marked" : undefined} onClick={openRow}>
              {columns.map((column) => (
                <td key={column.key} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<T>(column: Column<T>): string {
  return `${column.kind === "figure" ? "is-figure" : ""}${column.isMinor ? " is-minor" : ""}${column.isExtra ? " is-extra" : ""}`.trim();
}

// A row opens what its first link opens, unless something in it was clicked or text is being selected.
function openRow(event: MouseEvent): void {
  if ((event.target as Element).closest("a, button, input") || getSelection()?.toString()) return;
  const link = (event.currentTarget as Element).querySelector<HTMLAnchorElement>("a.row");
  link?.click();
}

// Focus the first link of the row after or before the one in focus.
export function moveRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main tbody tr")].filter((row) => row.querySelector("a"));
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  const link = rows[next]?.querySelector<HTMLElement>("a.row, a");
  link?.focus();
  rows[next]?.scrollIntoView({ block: "nearest" });
}

export function More<T extends { next_cursor: string | null }>({ pages }: { pages: Pages<T> }) {
  return (
    <>
      {pages.data && pages.problem && pages.rest.length > 0 && (
        <Refused problem={pages.problem} retry={pages.more ?? undefined} />
      )}
      {(pages.more || pages.newest) && (
        <div class="more">
          {pages.more && (
            <button type="button" class="button" onClick={pages.more} disabled={pages.loadingMore}>
              {pages.loadingMore ? "Loading…" : "Load more"}
            </button>
          )}
          {pages.newest && (
            <button type="button" class="link" onClick={pages.newest}>
              Back to the newest
            </button>
          )}
        </div>
      )}
    </>
  );
}
