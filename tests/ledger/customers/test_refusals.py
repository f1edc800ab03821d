"""Every refusal of a decision about customers: the right reason, the field to blame, and nothing changed."""

from __future__ import annotations

from typing import Any, Final

import pytest

from contracts import commands as c
from contracts.rejections import Refused
from contracts.rejections import Rejection as R
from ledger.domain.customers.cases import ScreenedCustomer
from ledger.domain.customers.life_cycle import ACCOUNTS_PER_CUSTOMER_MAX, Customer
from ledger.domain.customers.onboarding import AssessedApplication
from tests.ledger.customers.bank import CustomerBank
from tests.ledger.customers.refusals import BANK, CUSTOMER_ROWS, REFUSALS_OF_CUSTOMERS, VERIFIED, Row
from tests.support.ledger import open_account

PLAIN: Final[dict[type, type[c.Command]]] = {
    ScreenedCustomer: c.RescreenCustomer,
    AssessedApplication: c.ApplyCustomer,
}


def name_of(row: Row) -> str:
    return f"{type(row.command).__name__}-{row.rejection.value}"


@pytest.mark.parametrize("row", CUSTOMER_ROWS, ids=name_of)
def test_a_decision_refuses_for_the_right_reason_and_changes_nothing(row: Row) -> None:
    before = (dict(BANK.state.records), dict(BANK.state.accounts), BANK.position)

    refused = BANK.answer(row.subject, row.command)

    assert isinstance(refused, Refused)
    assert (refused.rejection, refused.pointer) == (row.rejection, row.pointer), refused.detail
    assert refused.detail
    assert (dict(BANK.state.records), dict(BANK.state.accounts), BANK.position) == before


@pytest.mark.parametrize("command", REFUSALS_OF_CUSTOMERS, ids=lambda kind: kind.__name__)
def test_every_refusal_of_a_decision_is_reached_by_a_row(command: type[c.Command]) -> None:
    rows = {row.rejection for row in CUSTOMER_ROWS if PLAIN.get(type(row.command), type(row.command)) is command}
    assert rows == REFUSALS_OF_CUSTOMERS[command]


def test_an_account_needs_a_customer_who_is_there_and_has_not_left() -> None:
    refused: Any = BANK.attempt(open_account("new", customer_id="cust_999999"))
    assert (refused.rejection, refused.pointer) == (R.CUSTOMER_NOT_FOUND, "/customer_id")


def test_a_customer_has_no_more_accounts_than_an_erasure_can_name() -> None:
    bank = CustomerBank()
    customer_id = bank.verified()
    customer = bank.customer(customer_id)
    many = tuple(f"a{number}" for number in range(ACCOUNTS_PER_CUSTOMER_MAX))
    fields = {name: getattr(customer, name) for name in customer.__struct_fields__}
    bank.state.records["customer", customer_id] = Customer(**{**fields, "accounts": many})

    refused: Any = bank.attempt(open_account("one-more", customer_id=customer_id))

    assert (refused.rejection, refused.pointer) == (R.CUSTOMER_ACCOUNTS_FULL, "/customer_id")
    assert BANK.customer(VERIFIED).accounts == ()
