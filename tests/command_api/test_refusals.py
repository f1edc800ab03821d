"""What the ledger refuses, as the client sees it: status, code, pointer, and whether it is worth another try."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from command_api.problems import STATUS_OF
from contracts.rejections import Rejection
from tests.command_api.door import Door, move, new_key, problem_in
from tests.command_api.paying import define_rail, initiate, pay, pay_out

INT64_MAX = 2**63 - 1

# Shown elsewhere: a reused key and an atomic group in their own modules, the rest where only the clock's own command
# (hold_deadline_not_passed), a passing deadline, or a balance beyond 64 bits gets that far.
ELSEWHERE = {
    Rejection.IDEMPOTENCY_KEY_REUSED,
    Rejection.ATOMIC_BATCH_REFUSED,
    Rejection.HOLD_DEADLINE_NOT_PASSED,
    Rejection.HOLD_DEADLINE_PASSED,
    Rejection.HOLD_ALREADY_EXPIRED,
    Rejection.AUTHORISATION_EXPIRED,
    *(rejection for rejection in Rejection if rejection.startswith("webhook_")),  # tests/notifications
    # In test_pricing.py; that a quote has expired, in tests/ledger/pricing, where the clock is the test's.
    Rejection.QUOTE_NOT_FOUND,
    Rejection.QUOTE_ALREADY_USED,
    Rejection.QUOTE_EXPIRED,
    Rejection.QUOTE_MISMATCH,
    Rejection.FX_NOT_DEFINED,
    Rejection.FX_TERMS_FIXED,
    Rejection.RATE_NOT_AVAILABLE,
    Rejection.POSITIONS_UNCHANGED,
    Rejection.ACCOUNT_UNSUITABLE,
    # In tests/settlement; those that need a cut-off or a payout in tests/ledger/settlement, whose clock is the test's.
    Rejection.MERCHANT_NOT_FOUND,
    Rejection.MERCHANT_TERMS_CONTRADICT,
    Rejection.CUT_OFF_NOT_DUE,
    Rejection.SETTLEMENT_NOT_FOUND,
    Rejection.SETTLEMENT_STATE_CONFLICT,
    Rejection.CLEARING_ALREADY_SETTLED,
    Rejection.CLEARING_ACCOUNT_UNFIT,
    # In test_authorising.py, where the two people and the payment are.
    Rejection.AUTHORISATION_DIFFERS,
    # In tests/orders: what a standing order and a payment file are refused for, and a transaction inside a file.
    Rejection.OCCURRENCE_ALREADY_ISSUED,
    Rejection.OCCURRENCE_NOT_NEXT,
    Rejection.IBAN_ALREADY_ASSIGNED,
    Rejection.PAYMENT_FILE_DUPLICATE,
    Rejection.CREDITOR_BIC_INVALID,
    Rejection.CREDITOR_IBAN_INVALID,
    Rejection.CREDITOR_REFUSED,
    Rejection.DEBTOR_ACCOUNT_UNKNOWN,
    Rejection.TRANSACTION_INVALID,
    Rejection.TRANSACTION_NOT_SUPPORTED,
}

# Refusals of the contexts beside payments: over HTTP in test_refusals_of_contexts.py, test_customers.py and in
# tests/reconciliation and tests/orders; each with its pointer in tests/ledger/test_refusals.py.
BEGIN_OF_OTHER_CONTEXTS = (
    "statement_", "line_", "entry_", "match_", "break_", "write_off_", "reconciliation_", "balance_unexplained",
    "already_in_break", "nothing_to_write_off", "customer_", "case_", "risk_class_", "reverification_",
    "retention_", "erasure_", "merchant_", "cut_off_", "settlement_", "clearing_", "standing_order_",
)  # fmt: skip
ELSEWHERE |= {rejection for rejection in Rejection if rejection.startswith(BEGIN_OF_OTHER_CONTEXTS)}


class Scene:
    """Accounts in every state, a transfer, holds; made once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.transfer = self.reversal = self.reversed = self.hold = self.captured = self.released = ""
        self.paid = self.paid_out = self.returned = self.stuck = self.voted_on = self.scheduled = ""

    def __getattr__(self, account: str) -> str:
        return f"{self.name}:{account}"


@pytest.fixture(scope="module")
async def scene(door: Door) -> Scene:
    """Build the scene over HTTP, as a client would."""
    made = Scene(new_key())
    await door.open_accounts(made.rich, made.other, made.full, made.mint, made.closed, made.frozen)
    await door.open_accounts(made.dollar, currency="USD")
    await door.open_accounts(made.poor, overdraft="forbidden")
    await door.open_accounts(made.capped, max_balance_minor=10)
    await door.accepted(f"/v1/accounts/{made.closed}/close", {})
    await door.accepted(f"/v1/accounts/{made.frozen}/freeze", {})
    await door.accepted("/v1/transfers", move(made.mint, made.full, INT64_MAX))
    made.transfer = f"xfer_{(await door.accepted('/v1/transfers', move(made.rich, made.other, 100)))['position']}"
    made.reversed = f"xfer_{(await door.accepted('/v1/transfers', move(made.other, made.poor, 1)))['position']}"
    undone = await door.accepted(f"/v1/transfers/{made.reversed}/reverse", {})
    made.reversal = f"xfer_{undone['position']}"
    holds = [f"hold_{(await door.accepted('/v1/holds', hold(made.rich, made.other)))['position']}" for _ in range(3)]
    made.hold, made.captured, made.released = holds
    await door.accepted(f"/v1/holds/{made.captured}/capture", {})
    await door.accepted(f"/v1/holds/{made.released}/release", {})
    await door.post("/v1/periods/close", {"through": "1990-01-01"})  # refused if a neighbour has closed more
    await make_payments(door, made)
    return made


async def make_payments(door: Door, made: Scene) -> None:
    """One inside, one for a later day, some by a rail: settled, returned, not known, with an operator's proposal."""
    await define_rail(door, "sct_inst", clearing=made.clearing, suspense=made.suspense)
    await define_rail(door, "file", clearing=made.clearing, suspense=made.suspense)
    made.paid = await initiate(door, pay(made.rich, made.other))
    made.scheduled = await initiate(door, pay(made.rich, made.other, requested_execution_date=in_days(9)[:10]))
    for name, rail, outcome in (
        ("paid_out", "file", "accepted"), ("returned", "sct_inst", "accepted"), ("stuck", "sct_inst", "unknown"),
        ("voted_on", "sct_inst", "unknown"),
    ):  # fmt: skip
        initiator = "clerk" if name == "stuck" else "asker"
        payment_id = await initiate(door, pay_out(made.rich, rail=rail), token=door.token(subject=initiator))
        await door.accepted(f"/v1/payments/{payment_id}/instruct", {})
        said = {"instruction_id": f"{payment_id}.1", "outcome": outcome}
        await door.accepted(f"/v1/payments/{payment_id}/outcome", said)
        setattr(made, name, payment_id)
    await door.accepted(f"/v1/payments/{made.returned}/return", returning(60))
    await door.accepted(f"/v1/payments/{made.voted_on}/resolve", RESOLUTION, token=door.token(subject="rita"))


RESOLUTION = {"action": "fail", "reason": "the bank said so"}


def returning(amount_minor: int, *, name: str = "R1") -> dict[str, Any]:
    """Body of a return."""
    return {"return_id": name, "amount_minor": amount_minor, "reason_code": "AC04"}


def hold(debit: str, credit: str, amount_minor: int = 5, *, days: float = 1) -> dict[str, Any]:
    """Body of a hold of one leg."""
    leg = {
        "debit_account_id": debit,
        "credit_account_id": credit,
        "amount_minor": amount_minor,
        "currency": "EUR",
    }
    return {"legs": [leg], "expires_at": in_days(days)}


def in_days(days: float) -> str:
    """An instant as the API takes it."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def opening(account_id: str, **terms: object) -> dict[str, Any]:
    """Body of an account opening."""
    return {"account_id": account_id, "currency": "EUR", "account_type": "liability", **terms}


Case = tuple[str, dict[str, Any], str | None]


def cases(s: Scene) -> dict[Rejection, Case]:
    """One request per refusal: path, body, and the pointer that the answer must have."""
    return {**cases_of_money(s), **cases_of_transfers_and_holds(s), **cases_of_payments(s)}


def cases_of_money(s: Scene) -> dict[Rejection, Case]:
    """Of amounts, accounts, balances and periods."""
    payment = {
        "debtor_account_id": s.rich,
        "creditor_account_id": s.other,
        "instructed_amount": {"currency": "EUR", "value": "1.5"},
        "end_to_end_id": "E",
    }
    huge = {**payment, "instructed_amount": {"currency": "EUR", "value": "92233720368547758.08"}}
    unbalanced = move(s.rich, s.other, 5)
    unbalanced["postings"][1]["amount_minor"] = 4
    contradicting = opening(new_key(), overdraft="forbidden", credit_limit_minor=5)
    today = datetime.now(UTC).date()
    early = move(s.rich, s.other, effective_date=str(today + timedelta(days=2)))
    return {
        Rejection.CURRENCY_UNKNOWN: ("/v1/accounts", opening(new_key(), currency="ABC"), "/currency"),
        Rejection.WRONG_SCALE: ("/v1/payments", payment, "/instructed_amount/value"),
        Rejection.AMOUNT_OUT_OF_RANGE: ("/v1/payments", huge, "/instructed_amount/value"),
        Rejection.ASSET_ALREADY_DECLARED: ("/v1/assets", {"currency": "EUR", "scale": 2}, "/currency"),
        Rejection.ACCOUNT_ALREADY_EXISTS: ("/v1/accounts", opening(s.rich), "/account_id"),
        Rejection.OVERDRAFT_TERMS_CONTRADICT: ("/v1/accounts", contradicting, "/credit_limit_minor"),
        Rejection.ACCOUNT_NOT_FOUND: ("/v1/transfers", move(s.rich, s.nobody), "/postings/1/account_id"),
        Rejection.ACCOUNT_CLOSED: ("/v1/transfers", move(s.rich, s.closed), "/postings/1/account_id"),
        Rejection.ACCOUNT_FROZEN: ("/v1/transfers", move(s.frozen, s.rich), "/postings/0/account_id"),
        Rejection.ACCOUNT_NOT_FROZEN: (f"/v1/accounts/{s.rich}/unfreeze", {}, "/account_id"),
        Rejection.ACCOUNT_BALANCE_NOT_ZERO: (f"/v1/accounts/{s.rich}/close", {}, "/account_id"),
        Rejection.CURRENCY_MISMATCH: ("/v1/transfers", move(s.rich, s.dollar), "/postings/1/account_id"),
        Rejection.POSTINGS_UNBALANCED: ("/v1/transfers", unbalanced, "/postings"),
        Rejection.INSUFFICIENT_FUNDS: ("/v1/transfers", move(s.poor, s.rich, 1), None),
        Rejection.BALANCE_LIMIT_EXCEEDED: ("/v1/transfers", move(s.rich, s.capped, 11), None),
        Rejection.BALANCE_OUT_OF_RANGE: ("/v1/transfers", move(s.other, s.full, 1), None),
        Rejection.EFFECTIVE_DATE_IN_FUTURE: ("/v1/transfers", early, "/effective_date"),
        Rejection.PERIOD_NOT_OVER: ("/v1/periods/close", {"through": str(today + timedelta(days=1))}, "/through"),
        Rejection.PERIOD_CLOSED: ("/v1/periods/close", {"through": "1990-01-01"}, "/through"),
    }


def cases_of_transfers_and_holds(s: Scene) -> dict[Rejection, Case]:
    """Of what was done before and is named again."""
    reverse, capture = f"/v1/transfers/{s.transfer}/reverse", f"/v1/holds/{s.hold}/capture"
    return {
        Rejection.TRANSFER_NOT_FOUND: ("/v1/transfers/xfer_999999999/reverse", {}, "/transfer_id"),
        Rejection.TRANSFER_IS_A_REVERSAL: (f"/v1/transfers/{s.reversal}/reverse", {}, "/transfer_id"),
        Rejection.TRANSFER_ALREADY_REVERSED: (f"/v1/transfers/{s.reversed}/reverse", {}, "/transfer_id"),
        Rejection.REVERSAL_POSTING_UNKNOWN: (reverse, move(s.other, s.dollar, 1), "/postings/1"),
        Rejection.REVERSAL_EXCEEDS_ORIGINAL: (reverse, move(s.other, s.rich, 101), "/postings/0/amount_minor"),
        Rejection.HOLD_NOT_FOUND: ("/v1/holds/hold_999999999/release", {}, "/hold_id"),
        Rejection.HOLD_ALREADY_CAPTURED: (f"/v1/holds/{s.captured}/release", {}, "/hold_id"),
        Rejection.HOLD_ALREADY_RELEASED: (f"/v1/holds/{s.released}/capture", {}, "/hold_id"),
        Rejection.HOLD_DEADLINE_NOT_LATER: (f"/v1/holds/{s.hold}/extend", {"expires_at": in_days(0.1)}, "/expires_at"),
        Rejection.HOLD_DEADLINE_TOO_FAR: ("/v1/holds", hold(s.rich, s.other, days=4000), "/expires_at"),
        Rejection.CAPTURE_AMOUNTS_MISMATCH: (capture, {"amounts_minor": [1, 1]}, "/amounts_minor"),
        Rejection.CAPTURE_EXCEEDS_HOLD: (capture, {"amounts_minor": [6]}, "/amounts_minor/0"),
        Rejection.SAME_ACCOUNT: ("/v1/holds", hold(s.rich, s.rich), "/legs/0"),
    }


def cases_of_payments(s: Scene) -> dict[Rejection, Case]:
    """Of payments in the wrong state, and what may follow them."""
    today = datetime.now(UTC).date()
    return {
        Rejection.PAYMENT_NOT_FOUND: ("/v1/payments/pay_999999999/cancel", {}, "/payment_id"),
        Rejection.PAYMENT_STATE_CONFLICT: (f"/v1/payments/{s.paid}/cancel", {}, "/payment_id"),
        Rejection.PAYMENT_NOT_DUE: (f"/v1/payments/{s.scheduled}/start", {}, None),
        Rejection.EXECUTION_DATE_TOO_FAR: (
            "/v1/payments",
            pay(s.rich, s.other, requested_execution_date=str(today + timedelta(days=400))),
            "/requested_execution_date",
        ),
        Rejection.RAIL_NOT_DEFINED: ("/v1/payments", pay_out(s.dollar, currency="USD"), "/instructed_amount/currency"),
        Rejection.INSTRUCTION_UNKNOWN: (
            f"/v1/payments/{s.paid}/outcome",
            {"instruction_id": f"{s.paid}.1", "outcome": "accepted"},
            "/instruction_id",
        ),
        Rejection.FOUR_EYES_REQUIRED: (f"/v1/payments/{s.stuck}/resolve", RESOLUTION, None),
        Rejection.REVIEWERS_DISAGREE: (f"/v1/payments/{s.voted_on}/resolve", {**RESOLUTION, "action": "retry"}, None),
        Rejection.REFUND_NOT_POSSIBLE: (f"/v1/payments/{s.paid_out}/refund", {}, "/payment_id"),
        Rejection.REFUND_EXCEEDS_PAYMENT: (f"/v1/payments/{s.paid}/refund", {"amount_minor": 101}, "/amount_minor"),
        Rejection.RETURN_ALREADY_BOOKED: (f"/v1/payments/{s.returned}/return", returning(1), "/return_id"),
        Rejection.RETURN_EXCEEDS_PAYMENT: (
            f"/v1/payments/{s.returned}/return",
            returning(41, name="R2"),
            "/amount_minor",
        ),
        Rejection.RECALL_NOT_POSSIBLE: (f"/v1/payments/{s.paid_out}/recall", {"reason": "x"}, "/payment_id"),
    }


def test_every_refusal_has_a_status_and_a_case() -> None:
    """A new one fails here until it has both."""
    assert STATUS_OF.keys() == set(Rejection)
    assert cases(Scene("x")).keys() == set(Rejection) - ELSEWHERE


@pytest.mark.parametrize("rejection", sorted(set(Rejection) - ELSEWHERE))
async def test_a_refusal_is_precise(door: Door, scene: Scene, rejection: Rejection) -> None:
    """Its code, its status, the place in the command; nothing is booked; the same key repeats it."""
    path, body, pointer = cases(scene)[rejection]
    key = new_key()
    answer = await door.post(path, body, key=key)
    problem = problem_in(answer, status=STATUS_OF[rejection], code=rejection)
    assert problem["retryable"] is rejection.is_transient
    assert "bursar-position" not in answer.headers
    if pointer is not None:
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await door.post(path, body, key=key)).content == answer.content
    assert await door.events_of_keys(key) == []


async def test_a_payment_that_cannot_be_booked_exists_all_the_same(door: Door, scene: Scene) -> None:
    """It is accepted, and rejected with an ISO 20022 reason: two events under one key."""
    payment = {
        "debtor_account_id": scene.poor,
        "creditor_account_id": scene.rich,
        "instructed_amount": {"currency": "EUR", "value": "1.00"},
        "end_to_end_id": "E",
    }
    key = new_key()
    event = await door.accepted("/v1/payments", payment, key=key)
    assert (event["type"], event["data"]["status"], event["data"]["reason_code"]) == (
        "payment_rejected",
        "RJCT",
        "AM04",
    )
    assert [one["type"] for one in await door.events_of_keys(key)] == ["payment_initiated", "payment_rejected"]
