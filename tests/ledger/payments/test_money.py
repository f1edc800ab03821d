"""Where the money of a payment goes: refunds and returns in parts, suspense, frozen and closed accounts, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused
from contracts.rejections import Rejection as R
from tests.ledger.payments.bank import (
    PaymentBank,
    clearing_of,
    define_rail,
    give_back,
    outcome,
    pay_in_book,
    pay_out,
    refund_outcome,
    suspense_of,
    top_up,
)
from tests.support.ledger import move, open_account, sums

CARD, BANK = clearing_of("card_psp"), clearing_of("sct_inst")
CARD_SUSPENSE, BANK_SUSPENSE = suspense_of("card_psp"), suspense_of("sct_inst")


def topped_up(bank: PaymentBank, creditor: str = "bob") -> Any:
    """A top-up of 10.00 that the processor has been given."""
    payment = bank.pay(top_up(creditor=creditor))
    assert payment.state == "accepted"
    return bank.instruct_again(payment.payment_id)


@pytest.mark.parametrize("parts", [[1_000], [1, 999], [400, 400, 200], [999]])
def test_refunds_in_parts_never_exceed_what_was_paid(parts: list[int]) -> None:
    bank = PaymentBank()
    payment = bank.pay(pay_in_book())
    for part in parts:
        event = bank.do(c.RefundPayment(payment_id=payment.payment_id, amount_minor=part))
        assert event.refund_id.removeprefix("rfnd_") == event.transfer_id.removeprefix("xfer_")
    left = 1_000 - sum(parts)

    over = bank.attempt(c.RefundPayment(payment_id=payment.payment_id, amount_minor=left + 1))

    assert isinstance(over, Refused)
    assert over.rejection is R.REFUND_EXCEEDS_PAYMENT
    assert bank.balances("alice", "bob") == [(1_000_000 - left, 0), (left, 0)]
    if left:
        assert bank.do(c.RefundPayment(payment_id=payment.payment_id)).amount_minor == left
    assert not any(sums(bank.lines).values())


@pytest.mark.parametrize("inward", [False, True])
def test_returns_in_parts_never_exceed_what_was_paid(inward: bool) -> None:
    """A return gives back what was paid out, a charge-back takes what was paid in."""
    bank = PaymentBank()
    payment = topped_up(bank) if inward else bank.instruct()
    bank.do(outcome(payment, "accepted"))
    for number, part in enumerate((300, 300, 399)):
        bank.do(give_back(payment, part, return_id=f"R{number}"))

    over = bank.attempt(give_back(payment, 2, return_id="R9"))

    assert isinstance(over, Refused)
    assert over.rejection is R.RETURN_EXCEEDS_PAYMENT
    if inward:
        assert bank.balances("bob", CARD) == [(1, 0), (1, 0)]
    else:
        assert bank.balances("alice", BANK) == [(999_999, 0), (-1, 0)]
    bank.do(give_back(payment, 1, return_id="R9"))
    assert bank.balances(CARD, BANK) == [(0, 0), (0, 0)]
    assert not any(sums(bank.lines).values())


@pytest.mark.parametrize("refund_ends", ["accepted", "rejected"])
def test_a_charge_back_waits_for_a_refund_that_is_on_its_way(refund_ends: str) -> None:
    """Whether it fits is known only then; it must be neither lost nor booked on top."""
    bank = PaymentBank()
    payment = bank.top_up()
    bank.do(c.RefundPayment(payment_id=payment.payment_id, amount_minor=400))
    assert bank.balances("bob") == [(1_000, 400)]

    early = bank.attempt(give_back(payment, 1_000))
    assert isinstance(early, Refused)
    assert early.rejection is R.PAYMENT_STATE_CONFLICT

    bank.do(refund_outcome(bank.payment(payment.payment_id), refund_ends))
    then = bank.attempt(give_back(payment, 1_000))
    if refund_ends == "accepted":
        assert isinstance(then, Refused)
        assert then.rejection is R.RETURN_EXCEEDS_PAYMENT
        assert bank.balances("bob", CARD) == [(600, 0), (600, 0)]
    else:
        assert not isinstance(then, Refused)
        assert bank.balances("bob", CARD) == [(0, 0), (0, 0)]
    assert not any(sums(bank.lines).values())


def close(bank: PaymentBank, name: str) -> None:
    """Empty an account and close it."""
    posted = bank.account(name).posted_minor
    if posted:
        bank.do(move(name, "world", posted))
    bank.do(c.CloseAccount(account_id=name))


@pytest.mark.parametrize(
    ("trouble", "diverted"), [("frozen", False), ("closed", True), ("full", True)], ids=["frozen", "closed", "full"]
)
def test_what_a_card_paid_in_is_booked_whatever_became_of_the_account(trouble: str, diverted: bool) -> None:
    """On the customer's account, frozen too; on suspense where that cannot take it. Clearing moves alike."""
    bank = PaymentBank()
    payment = topped_up(bank, "carol")
    match trouble:
        case "frozen":
            bank.do(c.FreezeAccount(account_id="carol"))
        case "closed":
            close(bank, "carol")
        case "full":
            bank.do(move("world", "carol", 4_500))
    before = bank.account("carol").posted_minor

    bank.do(outcome(payment, "accepted"))

    assert bank.payment(payment.payment_id).state == "settled"
    assert bank.account("carol").posted_minor - before == (0 if diverted else 1_000)
    assert bank.balances(CARD_SUSPENSE, CARD) == [(1_000 if diverted else 0, 0), (1_000, 0)]


@pytest.mark.parametrize("trouble", ["frozen", "poor", "diverted before"])
def test_a_charge_back_is_taken_from_suspense_where_the_account_cannot_give_it(trouble: str) -> None:
    """Or where the money went in the first place: the customer who never had it does not pay it back."""
    bank = PaymentBank()
    payment = topped_up(bank, "carol")
    if trouble == "diverted before":
        bank.do(move("world", "carol", 4_500))
    bank.do(outcome(payment, "accepted"))
    if trouble == "frozen":
        bank.do(c.FreezeAccount(account_id="carol"))
    if trouble == "poor":
        bank.do(move("carol", "world", 500))
    before = bank.balances("carol")

    event = bank.do(give_back(payment, 800))

    assert bank.balances("carol") == before
    assert bank.balances(CARD) == [(200, 0)]
    assert bank.balances(CARD_SUSPENSE) == [(200 if trouble == "diverted before" else -800, 0)]
    assert event.diverted == (trouble != "diverted before")


@pytest.mark.parametrize("trouble", ["frozen", "closed", "full"])
def test_a_return_to_an_account_that_cannot_take_it_is_kept_on_suspense(trouble: str) -> None:
    bank = PaymentBank()
    bank.do(move("world", "carol", 5_000))
    payment = bank.settle(debtor="carol")
    match trouble:
        case "frozen":
            bank.do(c.FreezeAccount(account_id="carol"))
        case "closed":
            close(bank, "carol")
        case "full":
            bank.do(move("world", "carol", 1_000))
    before = bank.balances("carol")

    event = bank.do(give_back(payment, 1_000))

    assert event.diverted
    assert bank.balances("carol") == before
    assert bank.balances(BANK, BANK_SUSPENSE) == [(0, 0), (1_000, 0)]


@pytest.mark.parametrize("suspense_type", ["liability", "asset", "income"])
@pytest.mark.parametrize("clearing_type", ["liability", "asset"])
def test_clearing_moves_alike_whatever_stands_in_for_the_customer(suspense_type: str, clearing_type: str) -> None:
    """Paid out and returned, clearing is where it was; the types of the rail's accounts do not matter."""
    bank = PaymentBank()
    bank.do(
        open_account("c", account_type=clearing_type, overdraft="unlimited"),
        open_account("s", account_type=suspense_type, overdraft="unlimited"),
        define_rail("sct_inst", clearing_account_id="c", suspense_account_id="s"),
    )
    payment = bank.settle()
    assert bank.account("alice").posted_minor == 999_000
    bank.do(c.FreezeAccount(account_id="alice"))

    bank.do(give_back(payment, 1_000))

    assert bank.balances("c") == [(0, 0)]
    assert abs(bank.account("s").posted_minor) == 1_000
    assert not any(sums(bank.lines).values())


def test_what_a_frozen_customer_s_rail_has_executed_is_booked() -> None:
    bank = PaymentBank()
    payment = bank.instruct()
    bank.do(c.FreezeAccount(account_id="alice"))

    bank.do(outcome(payment, "accepted"))

    assert bank.balances("alice", BANK) == [(999_000, 0), (-1_000, 0)]


@pytest.mark.parametrize("ending", ["rejected", "cancelled"])
def test_a_frozen_customer_gets_back_what_was_held(ending: str) -> None:
    bank = PaymentBank()
    payment = bank.accept()
    bank.do(c.FreezeAccount(account_id="alice"))
    if ending == "cancelled":
        bank.do(c.CancelPayment(payment_id=payment.payment_id))
    else:
        bank.do(outcome(bank.instruct_again(payment.payment_id), "rejected", reason_code="AC04"))

    assert bank.balances("alice") == [(1_000_000, 0)]


def test_a_closed_clearing_account_diverts_to_suspense() -> None:
    bank = PaymentBank()
    payment = bank.instruct()
    bank.do(c.CloseAccount(account_id=BANK))

    bank.do(outcome(payment, "accepted"))

    assert bank.balances("alice", BANK, BANK_SUSPENSE) == [(999_000, 0), (0, 0), (1_000, 0)]


def test_what_can_be_booked_nowhere_is_refused_and_stays_held() -> None:
    """The money has left: rejecting the payment would give it back a second time."""
    bank = PaymentBank()
    payment = bank.instruct()
    for name in (BANK, BANK_SUSPENSE):
        bank.do(c.CloseAccount(account_id=name))

    refused = bank.attempt(outcome(payment, "accepted"))

    assert isinstance(refused, Refused)
    assert bank.payment(payment.payment_id).state == "instructed"
    assert bank.balances("alice") == [(1_000_000, 1_000)]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (pay_out("10000.01"), "AM04"), (pay_out(debtor="nobody"), "AC02"), (pay_out(debtor="frozen"), "AC06"),
        (pay_out(debtor="gone"), "AC05"), (pay_out(debtor="dave:usd"), "AM03"), (pay_out(debtor=BANK), "AG01"),
        (top_up("50.01", creditor="carol"), "AM14"), (top_up(creditor="frozen"), "AC06"),
        (top_up(creditor="gone"), "AC07"), (top_up(creditor="nobody"), "AC03"),
    ],
)  # fmt: skip
def test_what_could_not_be_booked_is_never_given_to_a_rail(wish: c.InitiatePayment, code: str) -> None:
    bank = PaymentBank()
    before = dict(bank.state.accounts)

    payment = bank.pay(wish)

    rejected = bank.events[-1]
    assert isinstance(rejected, e.PaymentRejected)
    assert (rejected.reason_code, payment.state) == (code, "rejected")
    assert bank.state.accounts == before


def test_held_money_cannot_be_spent_again() -> None:
    bank = PaymentBank()
    bank.accept("9999.00")

    assert bank.pay(pay_in_book("1.01")).state == "rejected"
    assert bank.pay(pay_in_book("1.00")).state == "settled"
