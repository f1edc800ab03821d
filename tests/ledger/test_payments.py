"""Payments: received, then settled (ACSC) or rejected (RJCT) with an ISO 20022 reason, in one commit."""

from __future__ import annotations

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.money import AMOUNT_MINOR_MAX, text_of
from ledger.domain.payments.booking import REASON_CODES
from tests.support.ledger import a_bank, pay

MAX_EUR = text_of(AMOUNT_MINOR_MAX, scale=2)

REJECTED = [
    # debtor, creditor, value, currency, reason, words in the detail
    ("nobody", "bob", "1.00", "EUR", "AC02", "nobody does not exist"),
    ("alice", "nobody", "1.00", "EUR", "AC03", "nobody does not exist"),
    ("gone", "bob", "1.00", "EUR", "AC05", "gone is closed"),
    ("alice", "gone", "1.00", "EUR", "AC07", "gone is closed"),
    ("frozen", "bob", "1.00", "EUR", "AC06", "frozen is frozen"),
    ("alice", "frozen", "1.00", "EUR", "AC06", "frozen is frozen"),
    ("alice", "bob", "1.00", "USD", "AM03", "holds EUR, not USD"),
    ("alice", "dave:usd", "1.00", "EUR", "AM03", "holds USD, not EUR"),
    ("alice", "bob", "1000.00", "EUR", "AM04", "available"),
    ("alice", "full", "0.01", "EUR", "AM14", "most allowed"),
    ("world", "most", "0.01", "EUR", "AM12", "64 bits"),
    ("world", "bob", MAX_EUR, "EUR", "AM12", "64 bits"),
    ("alice", "alice", "1.00", "EUR", "AG01", "same account"),
    ("alice", "till", "1.00", "EUR", "AG01", "same normal side"),
]  # fmt: skip


@pytest.mark.parametrize(("debtor", "creditor", "value", "currency", "reason", "words"), REJECTED)
def test_a_payment_that_cannot_be_booked_is_received_and_rejected_with_its_reason(
    debtor: str, creditor: str, value: str, currency: str, reason: str, words: str
) -> None:
    bank = a_bank()
    accounts = dict(bank.state.accounts)

    decided = bank.attempt(pay(debtor, creditor, value, currency=currency))

    assert isinstance(decided, tuple)
    initiated, rejected = decided
    assert isinstance(initiated, e.PaymentInitiated)
    assert isinstance(rejected, e.PaymentRejected)
    assert (initiated.status, rejected.status, rejected.reason_code) == ("RCVD", "RJCT", reason)
    assert words in rejected.detail
    assert initiated.payment_id == rejected.payment_id == f"pay_{bank.position - 1}"
    assert bank.state.accounts == accounts


def test_every_reason_is_reached_except_the_ones_that_time_forbids() -> None:
    """A payment takes effect today, and today can never lie in a closed period.

    That a quote expired, which takes time too, is shown in tests/ledger/pricing.
    """
    reachable = {code for pair in REASON_CODES.values() for code in pair} - {"TM01"}

    assert {row[4] for row in REJECTED} == reachable


@pytest.mark.parametrize(
    ("debtor", "creditor", "sides"),
    [("alice", "bob", ["debit", "credit"]), ("till", "safe", ["credit", "debit"])],
)
def test_a_payment_settles_from_debtor_to_creditor_whatever_their_normal_side(
    debtor: str, creditor: str, sides: list[str]
) -> None:
    bank = a_bank()
    (before_debtor, _), (before_creditor, _) = bank.balances(debtor, creditor)

    settled = bank.do(pay(debtor, creditor, "12.34"))

    assert isinstance(settled, e.PaymentSettled)
    assert settled.status == "ACSC"
    assert [p.side for p in settled.postings] == sides
    assert [posted for posted, _ in bank.balances(debtor, creditor)] == [before_debtor - 1234, before_creditor + 1234]
    assert settled.transfer_id == f"xfer_{bank.position}"
    assert settled.payment_id == f"pay_{bank.position - 1}"
    assert settled.end_to_end_id == "E2E-1"


def test_a_payment_in_a_declared_asset_has_the_assets_decimal_places() -> None:
    bank = a_bank()
    bank.do(
        c.OpenAccount(account_id="p1", currency="POINTS", account_type="liability", overdraft="unlimited"),
        c.OpenAccount(account_id="p2", currency="POINTS", account_type="liability"),
    )

    settled = bank.do(pay("p1", "p2", "15", currency="POINTS"))

    assert [p.amount_minor for p in settled.postings] == [15, 15]
