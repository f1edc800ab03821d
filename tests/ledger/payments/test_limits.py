"""Limits: windows to the second, gross and net, amounts and counts, and what stops counting when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from ledger.domain import limits
from tests.ledger.payments.bank import (
    IBAN,
    OTHER_IBAN,
    TOMORROW,
    PaymentBank,
    authorise,
    give_back,
    outcome,
    pay_in_book,
    pay_out,
    top_up,
)
from tests.support.payments import risk

ALICE: Final = "account:alice"
HOUR: Final = timedelta(hours=1)
SECOND: Final = timedelta(seconds=1)


def define(bank: PaymentBank, subject: str = ALICE, **limit: Any) -> None:
    """Set the only limit of a subject, over an hour."""
    bank.do(c.DefineLimits(subject=subject, limits=(c.Limit(**{"currency": "EUR", "window_hours": 1, **limit}),)))


def reason_of(bank: PaymentBank, wish: c.InitiatePayment) -> str | None:
    """Why a payment is rejected, or None."""
    bank.pay(wish)
    last = bank.events[-1]
    return last.reason_code if isinstance(last, e.PaymentRejected) else None


@pytest.mark.parametrize(
    ("limit", "code"),
    [({"amount_max_minor": 2_000}, "AM14"), ({"count_max": 2}, "AM21"),
     ({"amount_max_minor": 2_000, "count_max": 2}, "AM14")],
)  # fmt: skip
@pytest.mark.parametrize("wish", [pay_in_book(), pay_out()], ids=["book", "rail"])
def test_what_fits_is_paid_and_the_next_is_rejected_until_the_window_has_rolled(
    limit: dict[str, Any], code: str, wish: c.InitiatePayment
) -> None:
    """To the unit, and to the second."""
    bank = PaymentBank()
    define(bank, **limit)
    began = bank.now
    assert reason_of(bank, wish) is None
    bank.now += 10 * SECOND
    assert reason_of(bank, wish) is None
    assert reason_of(bank, pay_in_book("0.01")) == code

    bank.now = began + HOUR - SECOND
    assert reason_of(bank, wish) == code
    bank.now = began + HOUR
    assert reason_of(bank, wish) is None
    assert reason_of(bank, wish) == code
    bank.now = began + HOUR + 9 * SECOND
    assert reason_of(bank, wish) == code
    bank.now = began + HOUR + 10 * SECOND
    assert reason_of(bank, wish) is None


def test_the_amount_may_be_reached_and_not_exceeded() -> None:
    bank = PaymentBank()
    define(bank, amount_max_minor=1_000)

    assert reason_of(bank, pay_in_book("10.01")) == "AM14"
    assert reason_of(bank, pay_in_book("10.00")) is None


@pytest.mark.parametrize(
    ("subject", "counted", "free"),
    [
        (ALICE, pay_in_book(), pay_in_book(debtor="bob", creditor="alice", value="0.01")),
        ("customer:cust_1", pay_in_book(), pay_in_book(debtor="bob", creditor="alice", value="0.01")),
        ("payee:bob", pay_in_book(), pay_in_book(creditor="carol")),
        (f"payee:payee_{IBAN.lower()}", pay_out(), pay_out(iban=OTHER_IBAN)),
    ],
)
def test_a_limit_is_its_subject_s_own(subject: str, counted: c.InitiatePayment, free: c.InitiatePayment) -> None:
    bank = PaymentBank()
    define(bank, subject, count_max=1)

    assert reason_of(bank, counted) is None
    assert reason_of(bank, counted) == "AM21"
    assert reason_of(bank, free) is None


def test_several_subjects_all_count_and_the_first_exceeded_one_is_named() -> None:
    bank = PaymentBank()
    define(bank, ALICE, count_max=3)
    define(bank, "customer:cust_1", amount_max_minor=2_500)
    define(bank, "payee:bob", count_max=1)

    assert reason_of(bank, pay_in_book()) is None
    assert reason_of(bank, pay_in_book()) == "AM21"
    assert "payee:bob" in bank.events[-1].detail  # type: ignore[attr-defined]
    assert reason_of(bank, pay_in_book(creditor="carol")) is None
    assert reason_of(bank, pay_in_book(creditor="carol")) == "AM14"
    assert reason_of(bank, pay_in_book("5.00", creditor="carol")) is None
    assert reason_of(bank, pay_in_book("0.01", creditor="carol")) == "AM21"


def test_another_currency_and_money_that_comes_in_do_not_count() -> None:
    bank = PaymentBank()
    bank.do(c.DefineLimits(subject=ALICE, limits=(c.Limit(currency="USD", window_hours=1, count_max=1),)))
    define(bank, "account:bob", count_max=1)

    assert [reason_of(bank, wish) for wish in (pay_in_book(), pay_in_book(), top_up(), top_up())] == [None] * 4


def test_every_window_of_a_subject_counts() -> None:
    """Three an hour, four a day."""
    bank = PaymentBank()
    both = tuple(c.Limit(currency="EUR", window_hours=hours, count_max=most) for hours, most in ((1, 3), (24, 4)))
    bank.do(c.DefineLimits(subject=ALICE, limits=both))
    assert [reason_of(bank, pay_in_book()) for _ in range(4)] == [None, None, None, "AM21"]
    bank.now += HOUR
    assert [reason_of(bank, pay_in_book()) for _ in range(2)] == [None, "AM21"]
    bank.now += 23 * HOUR
    assert [reason_of(bank, pay_in_book()) for _ in range(4)] == [None, None, None, "AM21"]


@pytest.mark.parametrize("ending", ["cancelled", "rejected", "gave up"])
def test_what_ends_without_being_executed_stops_counting(ending: str) -> None:
    bank = PaymentBank()
    define(bank, count_max=1)
    payment = bank.accept()
    assert reason_of(bank, pay_out()) == "AM21"
    match ending:
        case "cancelled":
            bank.do(c.CancelPayment(payment_id=payment.payment_id))
        case "rejected":
            bank.do(outcome(bank.instruct_again(payment.payment_id), "rejected"))
        case _:
            for _ in range(3):
                bank.instruct_again(payment.payment_id)
                bank.lapse(payment.payment_id)
                assert reason_of(bank, pay_out()) == "AM21"
            bank.do(c.InstructPayment(payment_id=payment.payment_id))

    assert reason_of(bank, pay_out()) is None


def test_what_waits_does_not_count_yet() -> None:
    """Neither for a date nor for its payer: it is counted, and judged, when it is executed."""
    bank = PaymentBank()
    define(bank, count_max=1)
    scheduled = bank.pay(pay_in_book(on=TOMORROW))
    asked = bank.pay(pay_out(), assessment=Assessment(risk=risk("challenge")))
    assert reason_of(bank, pay_in_book()) is None

    rejected = bank.do(authorise(asked))
    assert rejected.reason_code == "AM21"
    bank.now += timedelta(days=1)
    bank.do(c.StartPayment(payment_id=scheduled.payment_id))
    assert bank.payment(scheduled.payment_id).state == "settled"
    assert reason_of(bank, pay_in_book()) == "AM21"


@pytest.mark.parametrize(("basis", "after"), [("gross", ["AM14", "AM14"]), ("net", [None, "AM14"])])
@pytest.mark.parametrize("by_rail", [False, True])
def test_what_is_given_back_frees_a_net_limit_only(basis: str, after: list[str | None], by_rail: bool) -> None:
    """Exactly as much as was given back; but never a count."""
    bank = PaymentBank()
    define(bank, amount_max_minor=1_000, basis=basis)
    if by_rail:
        bank.do(give_back(bank.settle(), 300), give_back(bank.payment(bank.events[-1].payment_id), 100, return_id="R2"))  # type: ignore[attr-defined]
    else:
        payment = bank.pay(pay_in_book())
        for part in (300, 100):
            bank.do(c.RefundPayment(payment_id=payment.payment_id, amount_minor=part))

    assert reason_of(bank, pay_in_book("4.01")) == "AM14"
    assert [reason_of(bank, pay_in_book("4.00")), reason_of(bank, pay_in_book("0.01"))] == after


def test_a_refund_frees_no_count() -> None:
    bank = PaymentBank()
    define(bank, count_max=1, basis="net")
    bank.do(c.RefundPayment(payment_id=bank.pay(pay_in_book()).payment_id))

    assert reason_of(bank, pay_in_book()) == "AM21"


def test_new_limits_judge_what_was_used_before_and_none_lift_all() -> None:
    bank = PaymentBank()
    define(bank, count_max=5)
    assert [reason_of(bank, pay_in_book()) for _ in range(2)] == [None, None]

    define(bank, count_max=2)
    assert reason_of(bank, pay_in_book()) == "AM21"
    bank.do(c.DefineLimits(subject=ALICE, limits=()))
    assert reason_of(bank, pay_in_book()) is None


def test_a_subject_with_more_uses_than_are_kept_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than counted wrongly; and it goes on when the window has rolled."""
    monkeypatch.setattr(limits, "USES_MAX", 3)
    bank = PaymentBank()
    define(bank, count_max=1_000)

    assert [reason_of(bank, pay_in_book("0.01")) for _ in range(4)] == [None, None, None, "AM21"]
    bank.now += HOUR
    assert reason_of(bank, pay_in_book("0.01")) is None
