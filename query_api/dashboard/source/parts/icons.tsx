// Drawn here, 16 by 16, one stroke: small enough to ship with the page.
const PATHS = {
  overview: "M2.5 9.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 2.5h4v4h-4zM9.5 9.5h4v4h-4z",
  payments: "M2 5.5h11m-3-3 3 3-3 3M14 10.5H3m3-3-3 3 3 3",
  accounts: "M3 2.5v11M3 5.5h4m-4 6h4M9 4h4v3H9zM9 10h4v3H9z",
  queues: "M2.5 3.5h11M2.5 8h11m-11 4.5h6M11.5 11v2.5l1.5 1",
  settlement: "M3 13.5h10M4 6.5v4.5m4-4.5v4.5m4-4.5v4.5M2.5 6.5h11L8 2.5z",
  reports: "M2.5 13.5h11M4.5 11V8m3.5 3V3.5m3.5 7.5V6",
  audit: "M8 1.5 3 3.5v4c0 3.5 2.2 5.8 5 7 2.8-1.2 5-3.5 5-7v-4zM5.8 7.8l1.6 1.6 2.8-3",
  projections: "M8 2 2.5 4.8 8 7.5l5.5-2.7zM2.5 8 8 10.8 13.5 8M2.5 11.2 8 14l5.5-2.8",
  sql: "M2.5 3.5h11v9h-11zM5 6.5l1.5 1.5L5 9.5m3.5 0H11",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zm3.5-1.5L14 14",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5m0 11V15M1 8h1.5m11 0H15M3 3l1 1m8 8 1 1m0-10-1 1m-8 8-1 1",
  moon: "M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z",
  screen: "M2 3h12v8H2zM6 14h4m-2-3v3",
  menu: "M2.5 4.5h11m-11 3.5h11m-11 3.5h11",
  close: "M4 4l8 8m0-8-8 8",
  check: "M3 8.5 6.5 12 13 4.5",
  alert: "M8 2.5 1.8 13.5h12.4zM8 6.5v3.5m0 1.8v.2",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  download: "M8 2.5v8m-3-3 3 3 3-3m-8.5 6h11",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.2 4.2L11.2 8.8M9 11.5 7.5 13a3 3 0 0 1-4.2-4.2L4.8 7.2",
  play: "M5 3.5v9l7-4.5z",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.4",
  out: "M6.5 2.5h-4v11h4M6 8h7.5m-3-3 3 3-3 3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, title }: { name: IconName; title?: string }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      role={title ? "img" : undefined}
      aria-label={title}
      aria-hidden={title ? undefined : true}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
