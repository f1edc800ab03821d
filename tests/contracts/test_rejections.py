"""Refusals: each has a stable code, a place in the order of the checks, and a verdict whether waiting may help."""

from __future__ import annotations

import re
from typing import Final

import pytest

from contracts.rejections import Rejection

# Code -> may the same wish succeed later without being changed? Clients depend on both. In the order of the checks.
DECIDED: Final = {
    "idempotency_key_reused": False,
    "currency_unknown": True,
    "wrong_scale": False,
    "amount_out_of_range": False,
    "asset_already_declared": False,
    "account_already_exists": False,
    "overdraft_terms_contradict": False,
    "transfer_not_found": True,
    "transfer_is_a_reversal": False,
    "transfer_already_reversed": False,
    "reversal_posting_unknown": False,
    "reversal_exceeds_original": False,
    "hold_not_found": True,
    "hold_already_captured": False,
    "hold_already_released": False,
    "hold_already_expired": False,
    "hold_deadline_passed": False,
    "hold_deadline_not_passed": True,
    "hold_deadline_not_later": False,
    "hold_deadline_too_far": False,
    "capture_amounts_mismatch": False,
    "capture_exceeds_hold": False,
    "payment_not_found": True,
    "payment_state_conflict": True,
    "payment_not_due": True,
    "execution_date_too_far": True,
    "quote_not_found": True,
    "quote_already_used": False,
    "quote_expired": False,
    "quote_mismatch": False,
    "rail_not_defined": True,
    "instruction_unknown": False,
    "authorisation_expired": False,
    "four_eyes_required": False,
    "reviewers_disagree": False,
    "refund_not_possible": False,
    "refund_exceeds_payment": False,
    "return_already_booked": False,
    "return_exceeds_payment": False,
    "recall_not_possible": False,
    "standing_order_not_found": True,
    "standing_order_state_conflict": True,
    "standing_order_not_due": True,
    "standing_order_begins_in_past": False,
    "standing_order_never_due": False,
    "occurrence_already_issued": False,
    "occurrence_not_next": True,
    "authorisation_differs": False,
    "iban_already_assigned": False,
    "payment_file_duplicate": False,
    "creditor_iban_invalid": False,
    "creditor_bic_invalid": False,
    "debtor_account_unknown": True,
    "creditor_refused": False,
    "transaction_not_supported": False,
    "transaction_invalid": False,
    "statement_not_found": True,
    "statement_already_imported": False,
    "statement_differs": False,
    "statement_gap": False,
    "statement_incomplete": True,
    "statement_page_out_of_order": False,
    "statement_unbalanced": False,
    "statement_lines_open": True,
    "line_not_found": True,
    "line_already_matched": False,
    "line_not_matched": False,
    "entry_not_found": True,
    "entry_already_matched": False,
    "match_difference_wrong": False,
    "match_difference_too_large": False,
    "match_written_off": False,
    "break_not_found": True,
    "break_items_wrong": False,
    "already_in_break": False,
    "break_closed": False,
    "nothing_to_write_off": False,
    "write_off_proposed": False,
    "write_off_not_proposed": False,
    "reconciliation_closed": False,
    "balance_unexplained": False,
    "fx_not_defined": True,
    "fx_terms_fixed": False,
    "rate_not_available": True,
    "positions_unchanged": True,
    "customer_not_found": True,
    "customer_state_conflict": True,
    "customer_not_screened": True,
    "customer_accounts_full": False,
    "customer_accounts_open": True,
    "case_not_found": True,
    "case_already_decided": False,
    "case_unresolved": True,
    "risk_class_unchanged": False,
    "reverification_not_due": True,
    "retention_not_over": True,
    "erasure_incomplete": True,
    "merchant_not_found": True,
    "merchant_terms_contradict": False,
    "cut_off_not_due": True,
    "settlement_not_found": True,
    "settlement_state_conflict": True,
    "clearing_already_settled": False,
    "clearing_account_unfit": False,
    "same_account": False,
    "account_not_found": True,
    "account_closed": False,
    "account_frozen": True,
    "account_not_frozen": False,
    "account_balance_not_zero": True,
    "currency_mismatch": False,
    "account_unsuitable": False,
    "postings_unbalanced": False,
    "insufficient_funds": True,
    "balance_limit_exceeded": True,
    "balance_out_of_range": False,
    "effective_date_in_future": True,
    "period_not_over": True,
    "period_closed": False,
    "atomic_batch_refused": True,
}


def test_every_rejection_is_decided_and_stands_in_the_order_of_the_checks() -> None:
    assert [rejection.value for rejection in Rejection] == list(DECIDED)


@pytest.mark.parametrize("rejection", list(Rejection))
def test_a_rejection_says_whether_the_same_wish_may_succeed_later(rejection: Rejection) -> None:
    assert rejection.is_transient is DECIDED[rejection.value]


@pytest.mark.parametrize("rejection", list(Rejection))
def test_a_code_is_snake_case_and_its_name_in_lower_case(rejection: Rejection) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", rejection.value)
    assert rejection.name.lower() == rejection.value
