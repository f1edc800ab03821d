"""Every decision's every refusal: the right reason, the field to blame, and nothing changed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

import pytest
from msgspec.structs import replace

from contracts import commands as c
from contracts.rejections import Refused
from contracts.rejections import Rejection as R
from ledger.domain.book import decide
from ledger.domain.state import State
from tests.ledger.customers.refusals import CUSTOMER_ROWS, REFUSALS_OF_CUSTOMERS
from tests.ledger.payments.refusals import PAYMENT_ROWS, REFUSALS_OF_PAYMENTS
from tests.ledger.pricing.refusals import PRICING_ROWS, REFUSALS_OF_PRICING
from tests.ledger.refusals import ROWS, Row
from tests.ledger.settlement.refusals import REFUSALS_OF_SETTLEMENT, SETTLEMENT_ROWS
from tests.notifications.refusals import REFUSALS_OF_WEBHOOKS, WEBHOOK_ROWS
from tests.orders.refusals import OF_A_TRANSACTION, ORDER_ROWS, REFUSALS_OF_ORDERS
from tests.reconciliation.refusals import REFUSALS_OF_RECONCILIATION  # their rows stand beside it
from tests.support.payments import assessed

ALL_ROWS: Final = (*ROWS, *PAYMENT_ROWS, *WEBHOOK_ROWS, *PRICING_ROWS, *SETTLEMENT_ROWS, *CUSTOMER_ROWS, *ORDER_ROWS)
MOVING: Final = {R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN, R.CURRENCY_MISMATCH, R.INSUFFICIENT_FUNDS}
LIMITS: Final = {R.BALANCE_LIMIT_EXCEEDED, R.BALANCE_OUT_OF_RANGE}
DATES: Final = {R.EFFECTIVE_DATE_IN_FUTURE, R.PERIOD_CLOSED}
HOLD_OVER: Final = {
    R.HOLD_NOT_FOUND, R.HOLD_ALREADY_CAPTURED, R.HOLD_ALREADY_RELEASED, R.HOLD_ALREADY_EXPIRED,
}  # fmt: skip

# What each decision may answer. An open hold has reserved its money, so a capture never lacks funds; a reversal takes
# accounts and currencies from its original, so only their status can have changed; a hold raises no posted balance.
REFUSALS_OF: Final[dict[type[c.Command], set[R]]] = {
    c.DeclareAsset: {R.ASSET_ALREADY_DECLARED},
    c.OpenAccount: {
        R.CURRENCY_UNKNOWN, R.ACCOUNT_ALREADY_EXISTS, R.OVERDRAFT_TERMS_CONTRADICT, R.CUSTOMER_NOT_FOUND,
        R.CUSTOMER_STATE_CONFLICT, R.CUSTOMER_ACCOUNTS_FULL,
    },
    c.FreezeAccount: {R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN},
    c.UnfreezeAccount: {R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.ACCOUNT_NOT_FROZEN},
    c.CloseAccount: {R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN, R.ACCOUNT_BALANCE_NOT_ZERO},
    c.PostTransfer: MOVING | LIMITS | DATES | {R.POSTINGS_UNBALANCED},
    c.ReverseTransfer: {
        R.TRANSFER_NOT_FOUND, R.TRANSFER_IS_A_REVERSAL, R.TRANSFER_ALREADY_REVERSED, R.REVERSAL_POSTING_UNKNOWN,
        R.REVERSAL_EXCEEDS_ORIGINAL, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN, R.POSTINGS_UNBALANCED, R.INSUFFICIENT_FUNDS,
    } | LIMITS | DATES,
    c.ClosePeriod: {R.PERIOD_NOT_OVER, R.PERIOD_CLOSED},
    c.PlaceHold: MOVING | {R.HOLD_DEADLINE_PASSED, R.HOLD_DEADLINE_TOO_FAR, R.SAME_ACCOUNT, R.BALANCE_OUT_OF_RANGE},
    c.ExtendHold: HOLD_OVER | {R.HOLD_DEADLINE_PASSED, R.HOLD_DEADLINE_NOT_LATER, R.HOLD_DEADLINE_TOO_FAR},
    c.CaptureHold: HOLD_OVER | LIMITS | DATES | {
        R.HOLD_DEADLINE_PASSED, R.CAPTURE_AMOUNTS_MISMATCH, R.CAPTURE_EXCEEDS_HOLD, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN,
    },
    c.ReleaseHold: HOLD_OVER | {R.HOLD_DEADLINE_PASSED},
    c.ExpireHold: HOLD_OVER | {R.HOLD_DEADLINE_NOT_PASSED},
    **REFUSALS_OF_PAYMENTS,
    **REFUSALS_OF_CUSTOMERS,
    **REFUSALS_OF_WEBHOOKS,
    **REFUSALS_OF_PRICING,
    **REFUSALS_OF_SETTLEMENT,
    **REFUSALS_OF_ORDERS,
}  # fmt: skip

# What only the sequencer can see.
OF_THE_SEQUENCER: Final = {R.IDEMPOTENCY_KEY_REUSED, R.ATOMIC_BATCH_REFUSED}


def name_of(row: Row) -> str:
    return f"{type(row.command).__name__}-{row.rejection.value}"


@pytest.mark.parametrize("row", ALL_ROWS, ids=name_of)
def test_a_decision_refuses_for_the_right_reason_and_names_the_field_to_blame(row: Row) -> None:
    moment = replace(row.bank.moment, subject=row.subject)
    refused = decide(assessed(row.command), row.bank.state, moment)

    assert isinstance(refused, Refused)
    assert (refused.rejection, refused.pointer) == (row.rejection, row.pointer), refused.detail
    assert refused.detail


REFUSALS_ELSEWHERE: Final = REFUSALS_OF_RECONCILIATION
DECIDED_HERE: Final = [kind for kind in c.Command.__subclasses__() if kind not in REFUSALS_ELSEWHERE]


@pytest.mark.parametrize("command", DECIDED_HERE, ids=lambda kind: kind.__name__)
def test_every_refusal_of_a_decision_is_reached_by_a_row(command: type[c.Command]) -> None:
    assert {row.rejection for row in ALL_ROWS if type(row.command) is command} == REFUSALS_OF[command]


def test_every_rejection_has_a_decision_that_gives_it() -> None:
    given = set().union(*REFUSALS_OF.values(), *REFUSALS_ELSEWHERE.values())
    assert given | OF_THE_SEQUENCER | OF_A_TRANSACTION == set(R)


def test_a_refused_command_changes_nothing() -> None:
    banks = {id(row.bank): row.bank for row in ALL_ROWS}.values()
    before = [snapshot(bank.state) for bank in banks]

    for row in ALL_ROWS:
        row.bank.subject = row.subject
        assert isinstance(row.bank.attempt(row.command), Refused)

    assert [snapshot(bank.state) for bank in banks] == before


def snapshot(state: State) -> Any:
    return deepcopy((state.accounts, state.holds, state.originals, state.assets, state.records, state.closed_through))


@pytest.mark.parametrize("row", [row for row in ALL_ROWS if row.pointer is not None], ids=name_of)
def test_a_pointer_leads_into_the_command(row: Row) -> None:
    """What books may blame a posting that the client did not write; the pointer then names the booked one.

    An amount that was left out means all of it, and may be blamed for that.
    """
    value: Any = row.command
    parts = row.pointer.split("/")[1:] if row.pointer else []
    if getattr(value, parts[0], None) is None:
        assert parts[0] == "postings" or (parts == ["amount_minor"] and hasattr(value, "amount_minor"))
        return
    for part in parts:
        value = value[int(part)] if part.isdigit() else getattr(value, part)
