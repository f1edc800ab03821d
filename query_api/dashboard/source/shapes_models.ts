// What the query API says of the read models, the reactors and the auditor.

export interface StatusView {
  ledger: string;
  book: { position: number; recorded_at: string | null } | null;
  stream: { first: number; last: number } | null;
  read_models: Record<
    string,
    { position: number | null; lag_events: number | null; lag_s: number | null; version: number }
  >;
  unavailable: Record<string, string>;
}
export interface Projection {
  name: string;
  model: string;
  version: number;
  role: string;
  is_serving: boolean;
  state: string;
  holds: string;
  position: number | null;
  head: number | null;
  lag_events: number | null;
  lag_seconds: number | null;
  applied_per_s: number;
  failure: { category: string; position: number; detail: string } | null;
  rebuild: { progress: number; eta_s: number | null } | null;
  visible: { p50: number; p99: number } | null;
  reported_s: number | null;
  actions: string[];
}
export interface Projections {
  head: number | null;
  projections: Projection[];
  unavailable: Record<string, string>;
}
export interface Operation {
  id: number;
  model: string;
  version: number | null;
  action: string;
  state: string;
  detail: string | null;
  asked_by: string;
  asked_at: string;
  ended_at: string | null;
}
export interface ParkedTask {
  reactor: string;
  position: number;
  step: number;
  kind: string;
  key: string;
  attempts: number;
  last_error: string | null;
  intended: boolean;
  parked_at: string;
  behind: number;
}
export interface Audits {
  state: string;
  last_run: { at: string | null; position: number; checked: Record<string, number>; differences: number };
  sides: { side: string; audited_to: number; swept_at: string | null; compared: number; waiting: string | null }[];
  differences: {
    side: string;
    model: string;
    subject: string;
    field: string;
    position: number;
    account_id: string | null;
    currency: string | null;
    expected: string;
    found: string;
    found_at: string;
  }[];
}
