"""Which event says what about which thing: the one table of the desk. A new event is a line here.

    "case_cleared": (Shown("cases", "case_id"),),

A thing's id is made of the fields named, joined by colons where there are several. Every field of the event is shown,
unless a line names those that are. What the lists are filtered by (contracts/desk.py, INDEXES) needs no word here: a
field of that name is an index, and so is a status, which is a constant of the line or the event's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Shown(Struct, frozen=True):
    """What one event says of one kind of thing.

    ``id``: its field or fields; an event where the only one is null says nothing. ``status``: the state after it,
    where the event itself names none. ``fields``: those shown, else all. ``each``: the event's list whose items are
    the things, with the event's own fields beside theirs; or, where the items are text, their ids, with the status
    as a field.
    """

    kind: str
    id: tuple[str, ...] | str
    status: str | None = None
    fields: tuple[str, ...] | None = None
    each: str | None = None


# Not worth showing, or shown elsewhere: balances and postings by the accounts, the payment by the payment.
HIDDEN: Final = frozenset({"secret", "subject", "evidence", "postings", "balances", "facts", "assessment", "lines"})
# What of an event belongs into its step as well, because the next event may overwrite it.
SAID: Final = (
    "reason", "decision", "cause", "detail", "proposer", "proposed_by", "decided_by", "approved_by", "assignee",
    "case_id", "document", "payment_id", "amount_minor", "from_position", "to_position",
)  # fmt: skip

TABLE: Final[Mapping[str, tuple[Shown, ...]]] = {
    # payments and their terms
    "payment_initiated": (
        Shown("quotes", "quote_id", "used", fields=("payment_id",)),
        Shown("settlements", "settlement_id", "paying", fields=("payment_id",)),
    ),
    "rail_defined": (Shown("rails", ("rail", "currency"), "defined"),),
    "authentication_defined": (Shown("authentication", "currency", "defined"),),
    "limits_defined": (Shown("limits", "subject", "defined", fields=("subject", "limits")),),
    # webhooks
    "webhook_endpoint_created": (Shown("webhook-endpoints", "endpoint_id", "enabled"),),
    "webhook_endpoint_updated": (Shown("webhook-endpoints", "endpoint_id"),),
    "webhook_secret_rotated": (Shown("webhook-endpoints", "endpoint_id", fields=("previous_valid_until",)),),
    "webhook_endpoint_disabled": (Shown("webhook-endpoints", "endpoint_id", "disabled"),),
    "webhook_endpoint_enabled": (Shown("webhook-endpoints", "endpoint_id", "enabled", fields=()),),
    "webhook_deliveries_replayed": (Shown("webhook-endpoints", "endpoint_id", fields=()),),
    # customers and their cases
    "customer_applied": (Shown("customers", "customer_id"),),
    "documents_requested": (Shown("customers", "customer_id"),),
    "evidence_added": (Shown("customers", "customer_id", fields=()),),
    "verification_proposed": (Shown("customers", "customer_id"),),
    "customer_verified": (Shown("customers", "customer_id"),),
    "customer_rejected": (Shown("customers", "customer_id"),),
    "risk_class_proposed": (Shown("customers", "customer_id", fields=("proposed_by",)),),
    "risk_class_changed": (Shown("customers", "customer_id"),),
    "customer_screened": (Shown("customers", "customer_id"),),
    "verification_expired": (Shown("customers", "customer_id"),),
    "review_reopened": (Shown("customers", "customer_id"),),
    "customer_restricted": (Shown("customers", "customer_id"),),
    "customer_offboarded": (Shown("customers", "customer_id"),),
    "erasure_proposed": (Shown("customers", "customer_id"),),
    "erasure_decided": (Shown("customers", "customer_id"),),
    "customer_erased": (Shown("customers", "customer_id"),),
    "case_opened": (Shown("cases", "case_id"),),
    "case_decision_proposed": (Shown("cases", "case_id"),),
    "case_cleared": (Shown("cases", "case_id"),),
    "case_confirmed": (Shown("cases", "case_id"),),
    # orders and files
    "standing_order_created": (Shown("standing-orders", "standing_order_id"),),
    "standing_order_authorised": (Shown("standing-orders", "standing_order_id", fields=("next_on", "state")),),
    "standing_order_issued": (Shown("standing-orders", "standing_order_id"),),
    "standing_order_suspended": (Shown("standing-orders", "standing_order_id"),),
    "standing_order_resumed": (Shown("standing-orders", "standing_order_id"),),
    "standing_order_cancelled": (Shown("standing-orders", "standing_order_id"),),
    "payment_file_received": (Shown("payment-files", "file_id", "received"),),
    # fees and exchange
    "fees_defined": (Shown("fees", ("payment_type", "rail", "currency"), "defined"),),
    "fx_defined": (Shown("fx-positions", "currency", "defined", each="positions"),),
    "positions_revalued": (Shown("fx-positions", "currency", each="positions"),),
    "rate_published": (Shown("rates", ("base_currency", "counter_currency"), "published"),),
    "quote_given": (Shown("quotes", "quote_id", "given"),),
    # settlement
    "merchant_defined": (Shown("merchants", "merchant_id", "defined"),),
    "cut_off_passed": (Shown("merchants", "merchant_id"),),
    "settlement_closed": (Shown("settlements", "settlement_id", "closed"),),
    "payout_retry_proposed": (Shown("settlements", "settlement_id", "retry_proposed", fields=("proposer",)),),
    "payout_retried": (Shown("settlements", "settlement_id", "retried", fields=()),),
    "clearing_settled": (Shown("clearing-settlements", "transfer_id", "settled"),),
    # reconciliation
    "statement_imported": (Shown("bank-statements", "statement_id", "imported"),),
    "statement_lines_imported": (Shown("bank-statements", "statement_id", fields=("complete",)),),
    "reconciliation_closed": (Shown("bank-statements", "statement_id", "closed"),),
    "matches_recorded": (
        Shown("matches", "match_id", "matched", each="matches"),
        Shown("breaks", "break_id", "resolved", fields=("status",), each="resolved_breaks"),
    ),
    "line_unmatched": (Shown("matches", "match_id", "undone"),),
    "break_opened": (Shown("breaks", "break_id"),),
    "break_assigned": (Shown("breaks", "break_id"),),
    "write_off_proposed": (Shown("breaks", "break_id"),),
    "write_off_approved": (Shown("breaks", "break_id"),),
    "write_off_rejected": (Shown("breaks", "break_id"),),
}  # fmt: skip

# Of these the desk says nothing: accounts, transfers, holds and payments have windows of their own.
NOT_SHOWN: Final = frozenset(
    {
        "asset_declared", "account_opened", "account_closed", "account_frozen", "account_unfrozen", "iban_assigned",
        "transfer_posted", "transfer_reversed", "period_closed",
        "hold_placed", "hold_extended", "hold_captured", "hold_released", "hold_expired",
        "payment_scheduled", "payment_held_for_review", "payment_reviewed", "payment_authorisation_requested",
        "payment_authorisation_failed", "payment_authorised", "payment_presented", "payment_accepted",
        "payment_instructed", "payment_outcome_unknown", "payment_instruction_lapsed", "payment_parked",
        "payment_resolution_proposed", "payment_resumed", "payment_settled", "payment_rejected", "payment_cancelled",
        "payment_returned", "payment_refund_requested", "payment_refunded", "payment_refund_failed",
        "payment_recall_requested", "payment_recall_answered", "payment_contradicted",
    }
)  # fmt: skip
