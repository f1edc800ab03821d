"""Gates: met in order, in any combination, and behind the last one a payment ends as if it had met none."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any, Final

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from contracts.rejections import Refused
from contracts.rejections import Rejection as R
from ledger.domain.payments.authorisation import FAILURES_MAX
from tests.ledger.payments.bank import (
    OTHER_IBAN,
    TOMORROW,
    PaymentBank,
    authorise,
    pay_in_book,
    pay_out,
    resolve,
    review,
    top_up,
)
from tests.support.ledger import move
from tests.support.payments import hit, risk

GATES: Final = ("review", "authentication", "date")
COMBINATIONS: Final = [gates for size in range(4) for gates in itertools.combinations(GATES, size)]
WAITS_IN: Final = {"review": "in_review", "authentication": "awaiting_authorisation", "date": "scheduled"}


def meet(bank: PaymentBank, gates: tuple[str, ...], *, by_rail: bool) -> Any:
    """Initiate a payment that has to pass these gates."""
    assessment = Assessment(
        screening=hit() if "review" in gates else None, risk=risk("challenge") if "authentication" in gates else None
    )
    on = TOMORROW if "date" in gates else None
    return bank.pay(pay_out(on=on) if by_rail else pay_in_book(on=on), assessment=assessment)


def pass_(bank: PaymentBank, gate: str, payment: Any) -> None:
    """Open a gate."""
    match gate:
        case "review":
            bank.as_("rita", review(payment, "release"))
            bank.as_("rolf", review(payment, "release"))
        case "authentication":
            bank.do(authorise(payment))
        case "date":
            bank.now += timedelta(days=1)
            bank.do(c.StartPayment(payment_id=payment.payment_id))


@pytest.mark.parametrize("by_rail", [False, True])
@pytest.mark.parametrize("gates", COMBINATIONS, ids=lambda gates: "+".join(gates) or "none")
def test_any_gates_are_met_in_order_and_lead_to_the_same_place(gates: tuple[str, ...], by_rail: bool) -> None:
    bank, free = PaymentBank(), PaymentBank()
    payment = meet(bank, gates, by_rail=by_rail)
    for gate in gates:
        assert bank.payment(payment.payment_id).state == WAITS_IN[gate]
        assert bank.balances("alice", "bob") == [(1_000_000, 0), (0, 0)]
        pass_(bank, gate, payment)

    unhindered = meet(free, (), by_rail=by_rail)

    after = bank.payment(payment.payment_id)
    assert after.state == unhindered.state == ("accepted" if by_rail else "settled")
    names = "alice", "bob", "clearing:sct_inst:eur"
    assert bank.balances(*names) == free.balances(*names)


@pytest.mark.parametrize("gates", [gates for gates in COMBINATIONS if gates], ids="+".join)
def test_limits_and_funds_are_looked_at_behind_the_last_gate(gates: tuple[str, ...]) -> None:
    """The money is gone by then: rejected, whatever was passed."""
    bank = PaymentBank()
    payment = meet(bank, gates, by_rail=True)
    bank.do(move("alice", "world", 999_500))
    for gate in gates:
        pass_(bank, gate, payment)

    rejected = bank.events[-1]
    assert isinstance(rejected, e.PaymentRejected)
    assert rejected.reason_code == "AM04"


def test_a_request_for_payment_waits_for_its_payer_and_asks_nobody_else() -> None:
    bank = PaymentBank()
    bank.do(c.DefineAuthentication(currency="EUR", amount_from_minor=1, new_payee=True))
    payment = bank.pay(pay_in_book(kind="payment_request"))
    assert payment.state == "awaiting_payer"

    bank.do(authorise(payment))

    assert bank.payment(payment.payment_id).state == "settled"


def test_a_card_is_authenticated_by_its_issuer() -> None:
    bank = PaymentBank()
    bank.do(c.DefineAuthentication(currency="EUR", amount_from_minor=1, new_payee=True))

    assert bank.pay(top_up()).state == "accepted"


@pytest.mark.parametrize(
    ("assessment", "state", "reason"),
    [
        (Assessment(risk=risk("allow")), "settled", None),
        (Assessment(risk=risk("challenge")), "awaiting_authorisation", None),
        (Assessment(risk=risk("review", "ODD")), "in_review", None),
        (Assessment(risk=risk("deny", "ODD")), "rejected", "FR01"),
        (Assessment(risk=risk("deny")), "rejected", "FR01"),
        (Assessment(risk=risk("deny", "ODD"), screening=hit()), "rejected", "FR01"),
    ],
)
def test_a_risk_score_is_followed(assessment: Assessment, state: str, reason: str | None) -> None:
    bank = PaymentBank()

    payment = bank.pay(pay_in_book(), assessment=assessment)

    assert payment.state == state
    assert getattr(bank.events[-1], "reason_code", None) == reason


@pytest.mark.parametrize(("assessment", "code"), [
    (Assessment(screening=hit()), "RR04"), (Assessment(risk=risk("review", "ODD")), "FR01"),
])  # fmt: skip
def test_reviewers_reject_with_the_reason_of_the_review(assessment: Assessment, code: str) -> None:
    bank = PaymentBank()
    payment = bank.pay(pay_out(), assessment=assessment)
    for reviewer in ("rita", "rolf")[: payment.reviewers_wanted]:
        bank.as_(reviewer, review(payment, "reject"))

    rejected = bank.events[-1]
    assert isinstance(rejected, e.PaymentRejected)
    assert rejected.reason_code == code


@pytest.mark.parametrize(
    ("said", "rejection"),
    [
        ((("asker", "release"),), R.FOUR_EYES_REQUIRED),
        ((("rita", "release"), ("rita", "release")), R.FOUR_EYES_REQUIRED),
        ((("rita", "release"), ("rita", "reject")), R.FOUR_EYES_REQUIRED),
        ((("rita", "release"), ("asker", "release")), R.FOUR_EYES_REQUIRED),
        ((("rita", "release"), ("rolf", "reject")), R.REVIEWERS_DISAGREE),
        ((("rita", "reject"), ("rolf", "release")), R.REVIEWERS_DISAGREE),
    ],
)
@pytest.mark.parametrize("stuck", [False, True])
def test_two_people_who_agree_decide(said: tuple[tuple[str, str], ...], rejection: R, stuck: bool) -> None:
    """Never the initiator, never one person twice, never two who disagree; for reviews and for stuck payments."""
    bank = PaymentBank()
    if stuck:
        payment = bank.instruct()
        bank.do(c.ParkPayment(payment_id=payment.payment_id, reason="no answer"))
    else:
        payment = bank.pay(pay_out(), assessment=Assessment(screening=hit()))
    actions = {"release": "force_settle", "reject": "fail"}
    for number, (person, choice) in enumerate(said, start=1):
        bank.subject = person
        command: c.Command = resolve(payment, actions[choice]) if stuck else review(payment, choice)
        decided = bank.attempt(command)
        assert isinstance(decided, Refused) == (number == len(said))
    assert isinstance(decided, Refused)
    assert decided.rejection is rejection
    assert bank.payment(payment.payment_id).state == payment.state


@pytest.mark.parametrize(("action", "state", "booked"), [
    ("fail", "rejected", 1_000_000), ("force_settle", "settled", 999_000),
])  # fmt: skip
def test_two_operators_end_a_stuck_payment(action: str, state: str, booked: int) -> None:
    bank = PaymentBank()
    payment = bank.instruct()
    bank.do(c.ParkPayment(payment_id=payment.payment_id, reason="no answer"))
    bank.as_("rita", resolve(payment, action))
    bank.as_("rolf", resolve(payment, action))

    assert bank.payment(payment.payment_id).state == state
    assert bank.balances("alice") == [(booked, 0)]


OTHERS: Final[dict[str, dict[str, str]]] = {
    "more": {"value": "10.01"}, "less": {"value": "9.99"}, "another scale": {"value": "10.000"},
    "currency": {"currency": "USD"}, "payee": {"payee": OTHER_IBAN}, "account": {"payee": "bob"},
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS)
def test_an_authorisation_for_something_else_counts_as_a_failure(other: str) -> None:
    bank = PaymentBank()
    payment = bank.pay(pay_out(), assessment=Assessment(risk=risk("challenge")))

    failed = bank.do(authorise(payment, **OTHERS[other]))

    assert isinstance(failed, e.PaymentAuthorisationFailed)
    assert bank.payment(payment.payment_id).state == "awaiting_authorisation"
    bank.do(authorise(payment))
    assert bank.payment(payment.payment_id).state == "accepted"
    assert isinstance(bank.attempt(authorise(payment)), Refused)


def test_too_many_failures_reject() -> None:
    bank = PaymentBank()
    payment = bank.pay(pay_out(), assessment=Assessment(risk=risk("challenge")))
    for _ in range(FAILURES_MAX):
        bank.do(authorise(payment, payee=OTHER_IBAN))

    rejected = bank.events[-1]
    assert isinstance(rejected, e.PaymentRejected)
    assert (rejected.reason_code, bank.payment(payment.payment_id).failures) == ("DS0H", FAILURES_MAX)


@pytest.mark.parametrize(("late_s", "in_time"), [(-1, True), (0, False), (1, False)])
def test_an_authorisation_is_good_until_its_deadline_and_the_timer_from_then_on(late_s: int, in_time: bool) -> None:
    bank = PaymentBank()
    payment = bank.pay(pay_out(), assessment=Assessment(risk=risk("challenge")))
    assert payment.due_at == bank.now + timedelta(minutes=5)
    bank.now = payment.due_at + timedelta(seconds=late_s)

    expired = bank.attempt(c.ExpirePayment(payment_id=payment.payment_id)) if not in_time else None
    decided = bank.attempt(authorise(payment))

    assert isinstance(decided, Refused) == (not in_time)
    if expired is not None:
        assert isinstance(expired, tuple)
        assert bank.payment(payment.payment_id).state == "cancelled"


def test_a_scheduled_payment_is_not_stopped_by_newer_terms() -> None:
    """Its payer passed the gates that were there when they asked."""
    bank = PaymentBank()
    payment = bank.pay(pay_out(on=TOMORROW))
    bank.do(c.DefineAuthentication(currency="EUR", amount_from_minor=1, new_payee=True))
    assert isinstance(bank.attempt(c.StartPayment(payment_id=payment.payment_id)), Refused)
    bank.now += timedelta(days=1)

    bank.do(c.StartPayment(payment_id=payment.payment_id))

    assert bank.payment(payment.payment_id).state == "accepted"
