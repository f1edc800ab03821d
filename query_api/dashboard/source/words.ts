// The words of the API in a reader's: statuses, kinds, events. What is not listed is shown as it is, without its dashes.

export type Tone = "good" | "warn" | "bad" | "busy" | "plain";

const PAYMENT_STATUS: Record<string, [string, Tone]> = {
  RCVD: ["Received", "plain"],
  ACTC: ["Authorised", "busy"],
  PDNG: ["In review", "warn"],
  ACFC: ["Funds held", "busy"],
  ACSP: ["Sent to rail", "busy"],
  ACSC: ["Settled", "good"],
  RJCT: ["Rejected", "bad"],
  CANC: ["Cancelled", "plain"],
};
export const PAYMENT_STATUSES = Object.keys(PAYMENT_STATUS);
export const PAYMENT_TYPES = ["book_transfer", "credit_transfer", "card_top_up", "payout", "payment_request"];
export const RAILS = ["book", "sct_inst", "card_psp", "file"];

const TONES: Record<Tone, string[]> = {
  good: [
    "active",
    "open",
    "verified",
    "matched",
    "settled",
    "live",
    "clear",
    "paid",
    "ok",
    "passed",
    "done",
    "idle",
    "sound",
    "serving",
  ],
  warn: [
    "pending",
    "pending_review",
    "frozen",
    "paused",
    "proposed",
    "warming",
    "review",
    "challenge",
    "partial",
    "warning",
    "in_review",
    "waiting",
  ],
  bad: [
    "rejected",
    "failed",
    "stopped",
    "hit",
    "deny",
    "expired",
    "overdue",
    "critical",
    "error",
    "different",
    "refused",
  ],
  busy: ["rebuilding", "running", "executing", "imported", "queued", "in_progress", "created", "candidate"],
  plain: ["closed", "defined", "cancelled", "released", "captured", "allow", "info"],
};

const LABELS: Record<string, string> = {
  sct_inst: "SCT Inst",
  card_psp: "Card processor",
  file: "Bulk file",
  book: "Book",
  book_transfer: "Book transfer",
  credit_transfer: "Credit transfer",
  card_top_up: "Card top-up",
  payout: "Payout",
  payment_request: "Payment request",
  screening_hit: "Name on a list",
};

export function statusOf(status: string): [string, Tone] {
  const known = PAYMENT_STATUS[status];
  if (known) return known;
  const tone = (Object.keys(TONES) as Tone[]).find((candidate) => TONES[candidate].includes(status));
  return [labelOf(status), tone ?? "plain"];
}

export function labelOf(word: string): string {
  const known = LABELS[word];
  if (known) return known;
  if (/^[A-Z0-9_]+$/.test(word) && !word.includes("_")) return word;
  const text = word.replace(/[_-]+/g, " ").trim().toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// The kind of a payment, and its rail where the kind leaves a choice.
export function kindOf(payment: { payment_type: string; rail: string }): string {
  const isImplied = payment.rail === "book" || payment.rail === "card_psp";
  return labelOf(payment.payment_type) + (isImplied ? "" : ` · ${labelOf(payment.rail)}`);
}

export function plural(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${BigInt(count) === 1n ? one : many}`;
}
