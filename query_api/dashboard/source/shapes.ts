// What the query API answers, as far as pages read it; the OpenAPI document has the whole.
import type { AsOf } from "./api";
import type { Minor } from "./exact";

export interface Step {
  position: number;
  type: string;
  recorded_at: string;
}

// A part whose source does not answer is null, and an alert says so. `positions`: each part is exact at its own.
export interface Overview {
  position: number;
  recorded_at: string | null;
  positions: Record<string, number | null>;
  balances: CurrencyBalances[] | null;
  volume: { today: DayVolume[]; per_minute: MinuteVolume[] } | null;
  payments: PaymentFigures | null;
  lag: { model: string; position: number | null; events: number | null; seconds: number | null }[];
  alerts: Alert[];
}
export interface CurrencyBalances {
  currency: string;
  scale: number;
  assets_minor: Minor;
  liabilities_minor: Minor;
  equity_minor: Minor;
  income_minor: Minor;
  expenses_minor: Minor;
}
export interface DayVolume {
  currency: string;
  scale: number;
  amount_minor: Minor;
  transfers: number;
}
export interface MinuteVolume {
  minute: string;
  currency: string;
  amount_minor: Minor;
  transfers: number;
}
export interface PaymentFigures {
  by_status: Record<string, number>;
  in_review: number;
  awaiting: number;
  parked: number;
  settled_24h: number | null;
  rejected_24h: number | null;
  success_rate_24h: number | null;
}
export interface Alert {
  key: string;
  severity: string;
  kind: string;
  text: string;
  since: string | null;
  link: string;
}

export interface PaymentLine {
  payment_id: string;
  payment_type: string;
  rail: string;
  status: string;
  reason_code: string | null;
  detail: string | null;
  cause: string | null;
  causes: string[];
  parked: string;
  debtor_account_id: string | null;
  creditor_account_id: string | null;
  customer_id: string | null;
  payee_id: string | null;
  iban_masked: string | null;
  instructed_amount: { currency: string; value: string };
  amount_minor: Minor;
  fee_minor: Minor;
  refunded_minor: Minor;
  returned_minor: Minor;
  end_to_end_id: string;
  requested_execution_date: string | null;
  remittance_information: string | null;
  metadata: Record<string, string> | null;
  instruction_id: string | null;
  rail_reference: string | null;
  transfer_id: string | null;
  events: Step[];
}
export interface PaymentView extends PaymentLine {
  as_of: AsOf;
}
export interface PaymentPage {
  payments: PaymentLine[];
  next_cursor: string | null;
  as_of: AsOf;
}

export interface PaymentStep extends Step {
  actor: string;
  status: string;
  decision: string | null;
  reason: string | null;
  reason_code: string | null;
  words: string | null;
  detail: string | null;
  cause: string | null;
  attempt: number | null;
  instruction_id: string | null;
  outcome: string | null;
  rail_reference: string | null;
  said: Record<string, unknown>;
}
export interface PaymentTimeline {
  payment_id: string;
  status: string;
  steps: PaymentStep[];
  as_of: AsOf;
}
export interface PaymentExplanation {
  payment_id: string;
  status: string;
  queue: string | null;
  reason_code: string | null;
  words: string | null;
  detail: string | null;
  cause: string | null;
  causes: string[];
  parked: string;
  words_of: string | null;
  risk: null | {
    decision: string;
    score: number;
    degraded: boolean;
    ruleset_version: string;
    model_version: string | null;
    assessed_at: string;
    reasons: { code: string; words: string; customer_words: string }[];
  };
  screening: null | Screening;
  steps: PaymentStep[];
  as_of: AsOf;
}
export interface Screening {
  outcome: string;
  lists: { list: string; published_on: string }[];
  hits: Record<string, unknown>[];
  hits_count: number;
}

export interface AccountLine {
  account_id: string;
  currency: string;
  scale: number;
  account_type: string;
  status: string;
  posted_minor: Minor;
  held_minor: Minor;
  available_minor: Minor;
}
export interface AccountPage {
  accounts: AccountLine[];
  next_cursor: string | null;
  as_of: AsOf;
}
export interface AccountView extends AccountLine {
  normal_side: string;
  overdraft: string;
  credit_limit_minor: Minor;
  max_balance_minor: Minor | null;
  metadata: Record<string, string> | null;
  customer_id: string | null;
  opened_at: string;
  as_of: AsOf;
}
export interface StatementEntry {
  position: number;
  leg: number;
  id: string;
  type: string;
  side: string;
  amount_minor: Minor;
  balance_minor: Minor;
  effective_date: string;
  recorded_at: string;
  reference: string | null;
}
export interface StatementView {
  account_id: string;
  currency: string;
  scale: number;
  period_from: string | null;
  period_to: string | null;
  opening_minor: Minor | null;
  closing_minor: Minor | null;
  entries: StatementEntry[];
  next_cursor: string | null;
  as_of: AsOf;
}
export interface HoldLine {
  hold_id: string;
  status: string;
  expires_at: string;
  reference: string | null;
  events: Step[];
  legs: {
    debit_account_id: string;
    credit_account_id: string;
    amount_minor: Minor;
    remaining_minor: Minor;
    currency: string;
  }[];
}
export interface HoldPage {
  account_id: string;
  holds: HoldLine[];
  next_cursor: string | null;
  as_of: AsOf;
}

export interface ThingLine {
  id: string;
  kind: string;
  status: string | null;
  position: number;
  recorded_at: string;
  data: Record<string, unknown>;
}
export interface ThingStep extends Step {
  actor: string;
  said: Record<string, unknown>;
}
export interface ThingView extends ThingLine {
  events: ThingStep[];
  as_of: AsOf;
}
export interface ThingPage {
  things: ThingLine[];
  next_cursor: string | null;
  as_of: AsOf;
}

// `accept`: the body of POST /v1/matches, null where the book would refuse it.
export interface Suggestion {
  suggestion_id: string;
  account_id: string;
  rule: string;
  score_permille: number;
  currency: string;
  difference_minor: Minor;
  lines: { line_id: string; booked_on: string; amount_minor: Minor }[];
  entries: { position: number; leg: number; effective_on: string; amount_minor: Minor }[];
  accept: Record<string, unknown> | null;
}
export interface SuggestionPage {
  suggestions: Suggestion[];
  looked_at: string | null;
  next_cursor: string | null;
  as_of: AsOf;
}

export interface ReportParameter {
  name: string;
  type: string;
  required: boolean;
  description: string;
  default?: number | null;
}
export interface ReportColumn {
  name: string;
  type: string;
  unit: string;
  description: string;
}
export interface ReportDescription {
  name: string;
  title: string;
  description: string;
  parameters: ReportParameter[];
  columns: ReportColumn[];
  compares?: "period" | "date" | null;
}
export interface ReportCatalogue {
  reports: ReportDescription[];
  media_types: string[];
}
export type Cell = string | Minor | boolean | null;
export interface DrillLink {
  path: string;
  parameters: Record<string, string | number>;
}
export interface ReportView {
  report: string;
  title: string;
  parameters: Record<string, unknown>;
  columns: ReportColumn[];
  rows: Cell[][];
  drill?: (DrillLink | null)[];
  as_of: AsOf;
}
export interface ExportView {
  export_id: string;
  status: "queued" | "running" | "done" | "failed";
  progress: number;
  rows: number;
  link: string | null;
  failure: string | null;
}

export interface EventView {
  position: number;
  hash: string;
  previous_hash: string;
  event: EventEnvelope;
  as_of: AsOf;
}
export interface EventEnvelope {
  position: number;
  type: string;
  version: number;
  ledger: string;
  recorded_at: string;
  occurred_at: string;
  principal: { subject: string; tenant: string };
  key: string | null;
  trace: string | null;
  data: Record<string, unknown>;
}

export interface SqlColumn {
  name: string;
  type: string;
}
export interface SqlAnswer {
  columns: SqlColumn[];
  rows: Cell[][];
  truncated: boolean;
  position: number;
  elapsed_ms: number;
}
export interface CatalogEntry {
  name: string;
  title: string;
  description: string;
  columns: { name: string; type: string; unit: string; description: string; example: string }[];
  examples: { title: string; sql: string }[];
}
export interface SavedQuery {
  name: string;
  sql: string;
  description: string;
  saved_by: string;
  saved_at: string;
}
