"""Why a command is refused: values, in the order in which the checks run, each with a stable code."""

from enum import StrEnum

from msgspec import Struct


class Rejection(StrEnum):
    """Business refusals. The text of a member is its public code and never changes."""

    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"

    CURRENCY_UNKNOWN = "currency_unknown"
    WRONG_SCALE = "wrong_scale"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    ASSET_ALREADY_DECLARED = "asset_already_declared"
    ACCOUNT_ALREADY_EXISTS = "account_already_exists"
    OVERDRAFT_TERMS_CONTRADICT = "overdraft_terms_contradict"

    TRANSFER_NOT_FOUND = "transfer_not_found"
    TRANSFER_IS_A_REVERSAL = "transfer_is_a_reversal"
    TRANSFER_ALREADY_REVERSED = "transfer_already_reversed"
    REVERSAL_POSTING_UNKNOWN = "reversal_posting_unknown"
    REVERSAL_EXCEEDS_ORIGINAL = "reversal_exceeds_original"

    HOLD_NOT_FOUND = "hold_not_found"
    HOLD_ALREADY_CAPTURED = "hold_already_captured"
    HOLD_ALREADY_RELEASED = "hold_already_released"
    HOLD_ALREADY_EXPIRED = "hold_already_expired"
    HOLD_DEADLINE_PASSED = "hold_deadline_passed"
    HOLD_DEADLINE_NOT_PASSED = "hold_deadline_not_passed"
    HOLD_DEADLINE_NOT_LATER = "hold_deadline_not_later"
    HOLD_DEADLINE_TOO_FAR = "hold_deadline_too_far"
    CAPTURE_AMOUNTS_MISMATCH = "capture_amounts_mismatch"
    CAPTURE_EXCEEDS_HOLD = "capture_exceeds_hold"

    PAYMENT_NOT_FOUND = "payment_not_found"
    PAYMENT_STATE_CONFLICT = "payment_state_conflict"
    PAYMENT_NOT_DUE = "payment_not_due"
    EXECUTION_DATE_TOO_FAR = "execution_date_too_far"
    QUOTE_NOT_FOUND = "quote_not_found"
    QUOTE_ALREADY_USED = "quote_already_used"
    QUOTE_EXPIRED = "quote_expired"
    QUOTE_MISMATCH = "quote_mismatch"
    RAIL_NOT_DEFINED = "rail_not_defined"
    INSTRUCTION_UNKNOWN = "instruction_unknown"
    AUTHORISATION_EXPIRED = "authorisation_expired"
    FOUR_EYES_REQUIRED = "four_eyes_required"
    REVIEWERS_DISAGREE = "reviewers_disagree"
    REFUND_NOT_POSSIBLE = "refund_not_possible"
    REFUND_EXCEEDS_PAYMENT = "refund_exceeds_payment"
    RETURN_ALREADY_BOOKED = "return_already_booked"
    RETURN_EXCEEDS_PAYMENT = "return_exceeds_payment"
    RECALL_NOT_POSSIBLE = "recall_not_possible"

    STANDING_ORDER_NOT_FOUND = "standing_order_not_found"
    STANDING_ORDER_STATE_CONFLICT = "standing_order_state_conflict"
    STANDING_ORDER_NOT_DUE = "standing_order_not_due"
    STANDING_ORDER_BEGINS_IN_PAST = "standing_order_begins_in_past"
    STANDING_ORDER_NEVER_DUE = "standing_order_never_due"
    OCCURRENCE_ALREADY_ISSUED = "occurrence_already_issued"
    OCCURRENCE_NOT_NEXT = "occurrence_not_next"
    AUTHORISATION_DIFFERS = "authorisation_differs"

    IBAN_ALREADY_ASSIGNED = "iban_already_assigned"
    PAYMENT_FILE_DUPLICATE = "payment_file_duplicate"
    CREDITOR_IBAN_INVALID = "creditor_iban_invalid"
    CREDITOR_BIC_INVALID = "creditor_bic_invalid"
    DEBTOR_ACCOUNT_UNKNOWN = "debtor_account_unknown"
    CREDITOR_REFUSED = "creditor_refused"
    TRANSACTION_NOT_SUPPORTED = "transaction_not_supported"
    TRANSACTION_INVALID = "transaction_invalid"
    STATEMENT_NOT_FOUND = "statement_not_found"
    STATEMENT_ALREADY_IMPORTED = "statement_already_imported"
    STATEMENT_DIFFERS = "statement_differs"
    STATEMENT_GAP = "statement_gap"
    STATEMENT_INCOMPLETE = "statement_incomplete"
    STATEMENT_PAGE_OUT_OF_ORDER = "statement_page_out_of_order"
    STATEMENT_UNBALANCED = "statement_unbalanced"
    STATEMENT_LINES_OPEN = "statement_lines_open"
    LINE_NOT_FOUND = "line_not_found"
    LINE_ALREADY_MATCHED = "line_already_matched"
    LINE_NOT_MATCHED = "line_not_matched"
    ENTRY_NOT_FOUND = "entry_not_found"
    ENTRY_ALREADY_MATCHED = "entry_already_matched"
    MATCH_DIFFERENCE_WRONG = "match_difference_wrong"
    MATCH_DIFFERENCE_TOO_LARGE = "match_difference_too_large"
    MATCH_WRITTEN_OFF = "match_written_off"
    BREAK_NOT_FOUND = "break_not_found"
    BREAK_ITEMS_WRONG = "break_items_wrong"
    ALREADY_IN_BREAK = "already_in_break"
    BREAK_CLOSED = "break_closed"
    NOTHING_TO_WRITE_OFF = "nothing_to_write_off"
    WRITE_OFF_PROPOSED = "write_off_proposed"
    WRITE_OFF_NOT_PROPOSED = "write_off_not_proposed"
    RECONCILIATION_CLOSED = "reconciliation_closed"
    BALANCE_UNEXPLAINED = "balance_unexplained"
    FX_NOT_DEFINED = "fx_not_defined"
    FX_TERMS_FIXED = "fx_terms_fixed"
    RATE_NOT_AVAILABLE = "rate_not_available"
    POSITIONS_UNCHANGED = "positions_unchanged"
    CUSTOMER_NOT_FOUND = "customer_not_found"
    CUSTOMER_STATE_CONFLICT = "customer_state_conflict"
    CUSTOMER_NOT_SCREENED = "customer_not_screened"
    CUSTOMER_ACCOUNTS_FULL = "customer_accounts_full"
    CUSTOMER_ACCOUNTS_OPEN = "customer_accounts_open"
    CASE_NOT_FOUND = "case_not_found"
    CASE_ALREADY_DECIDED = "case_already_decided"
    CASE_UNRESOLVED = "case_unresolved"
    RISK_CLASS_UNCHANGED = "risk_class_unchanged"
    REVERIFICATION_NOT_DUE = "reverification_not_due"
    RETENTION_NOT_OVER = "retention_not_over"
    ERASURE_INCOMPLETE = "erasure_incomplete"
    MERCHANT_NOT_FOUND = "merchant_not_found"
    MERCHANT_TERMS_CONTRADICT = "merchant_terms_contradict"
    CUT_OFF_NOT_DUE = "cut_off_not_due"
    SETTLEMENT_NOT_FOUND = "settlement_not_found"
    SETTLEMENT_STATE_CONFLICT = "settlement_state_conflict"
    CLEARING_ALREADY_SETTLED = "clearing_already_settled"
    CLEARING_ACCOUNT_UNFIT = "clearing_account_unfit"

    SAME_ACCOUNT = "same_account"
    ACCOUNT_NOT_FOUND = "account_not_found"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_FROZEN = "account_frozen"
    ACCOUNT_NOT_FROZEN = "account_not_frozen"
    ACCOUNT_BALANCE_NOT_ZERO = "account_balance_not_zero"
    CURRENCY_MISMATCH = "currency_mismatch"
    ACCOUNT_UNSUITABLE = "account_unsuitable"
    POSTINGS_UNBALANCED = "postings_unbalanced"

    INSUFFICIENT_FUNDS = "insufficient_funds"
    BALANCE_LIMIT_EXCEEDED = "balance_limit_exceeded"
    BALANCE_OUT_OF_RANGE = "balance_out_of_range"

    EFFECTIVE_DATE_IN_FUTURE = "effective_date_in_future"
    PERIOD_NOT_OVER = "period_not_over"
    PERIOD_CLOSED = "period_closed"

    WEBHOOK_ENDPOINT_NOT_FOUND = "webhook_endpoint_not_found"
    WEBHOOK_ENDPOINT_STATE_CONFLICT = "webhook_endpoint_state_conflict"
    WEBHOOK_ENDPOINTS_EXHAUSTED = "webhook_endpoints_exhausted"
    WEBHOOK_REPLAY_RANGE_INVALID = "webhook_replay_range_invalid"

    ATOMIC_BATCH_REFUSED = "atomic_batch_refused"

    @property
    def is_transient(self) -> bool:
        """True when the same wish, sent again under a new key, may succeed later without being changed."""
        return self in _TRANSIENT


_TRANSIENT = frozenset(
    {
        Rejection.TRANSFER_NOT_FOUND,
        Rejection.HOLD_NOT_FOUND,
        Rejection.HOLD_DEADLINE_NOT_PASSED,
        Rejection.PAYMENT_NOT_FOUND,
        Rejection.PAYMENT_STATE_CONFLICT,
        Rejection.PAYMENT_NOT_DUE,
        Rejection.EXECUTION_DATE_TOO_FAR,
        Rejection.QUOTE_NOT_FOUND,
        Rejection.RAIL_NOT_DEFINED,
        Rejection.STANDING_ORDER_NOT_FOUND,
        Rejection.STANDING_ORDER_STATE_CONFLICT,
        Rejection.STANDING_ORDER_NOT_DUE,
        Rejection.OCCURRENCE_NOT_NEXT,
        Rejection.DEBTOR_ACCOUNT_UNKNOWN,
        Rejection.STATEMENT_NOT_FOUND,
        Rejection.STATEMENT_INCOMPLETE,
        Rejection.STATEMENT_LINES_OPEN,
        Rejection.LINE_NOT_FOUND,
        Rejection.ENTRY_NOT_FOUND,
        Rejection.BREAK_NOT_FOUND,
        Rejection.FX_NOT_DEFINED,
        Rejection.RATE_NOT_AVAILABLE,
        Rejection.POSITIONS_UNCHANGED,
        Rejection.CUSTOMER_NOT_FOUND,
        Rejection.CUSTOMER_STATE_CONFLICT,
        Rejection.CUSTOMER_NOT_SCREENED,
        Rejection.CUSTOMER_ACCOUNTS_OPEN,
        Rejection.CASE_NOT_FOUND,
        Rejection.CASE_UNRESOLVED,
        Rejection.REVERIFICATION_NOT_DUE,
        Rejection.RETENTION_NOT_OVER,
        Rejection.ERASURE_INCOMPLETE,
        Rejection.MERCHANT_NOT_FOUND,
        Rejection.CUT_OFF_NOT_DUE,
        Rejection.SETTLEMENT_NOT_FOUND,
        Rejection.SETTLEMENT_STATE_CONFLICT,
        Rejection.ACCOUNT_NOT_FOUND,
        Rejection.ACCOUNT_FROZEN,
        Rejection.ACCOUNT_BALANCE_NOT_ZERO,
        Rejection.CURRENCY_UNKNOWN,
        Rejection.EFFECTIVE_DATE_IN_FUTURE,
        Rejection.PERIOD_NOT_OVER,
        Rejection.INSUFFICIENT_FUNDS,
        Rejection.BALANCE_LIMIT_EXCEEDED,
        Rejection.WEBHOOK_ENDPOINT_NOT_FOUND,
        Rejection.WEBHOOK_ENDPOINT_STATE_CONFLICT,
        Rejection.ATOMIC_BATCH_REFUSED,
    }
)


class Refused(Struct, frozen=True):
    """A refusal with its reason in words and, where one field is to blame, a JSON pointer into the command."""

    rejection: Rejection
    detail: str
    pointer: str | None = None
    differs_in: tuple[str, ...] = ()
