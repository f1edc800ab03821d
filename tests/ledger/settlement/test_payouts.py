"""What becomes of a payout: it arrives, or its money is on the payable account; and nothing is paid twice."""

from __future__ import annotations

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused
from ledger.domain.payouts import Settlement
from tests.ledger.payments.bank import OTHER_IBAN, clearing_of, give_back, outcome
from tests.ledger.settlement.shop import PAYABLE, Shop, define

NET_MINOR = 2_500 - 48


@pytest.fixture
def shop() -> Shop:
    """One sale, closed; its payout waits for the rail."""
    shop = Shop()
    shop.sell("25.00")
    shop.close()
    return shop


def only(shop: Shop) -> Settlement:
    return shop.settlement(shop.closed[0].settlement_id)


def retry(shop: Shop, *subjects: str) -> tuple[e.EventData, ...] | Refused:
    """Each of them asks for another payout; gives the last one's answer."""
    answer: tuple[e.EventData, ...] | Refused = ()
    for subject in subjects:
        shop.subject = subject
        answer = shop.attempt(c.RetryPayout(settlement_id=only(shop).settlement_id, reason="it came back"))
    shop.subject = "clerk"
    return answer


def test_a_payout_that_settles_pays_the_settlement(shop: Shop) -> None:
    shop.pay_out(only(shop).settlement_id, "accepted")
    assert (only(shop).state, only(shop).paid_minor, only(shop).payout_id) == ("paid", NET_MINOR, None)
    assert shop.account(PAYABLE).posted_minor == 0
    assert shop.account(clearing_of("sct_inst")).posted_minor == -NET_MINOR


def test_a_rejected_payout_is_retried_by_two_people_to_the_newest_details(shop: Shop) -> None:
    shop.pay_out(only(shop).settlement_id, "rejected", reason_code="AC04")
    assert (only(shop).state, only(shop).unpaid_minor) == ("failed", NET_MINOR)
    assert shop.balances(PAYABLE) == [(NET_MINOR, 0)]
    shop.do(define(creditor=c.Party(name="Corner Shop", iban=OTHER_IBAN)))

    proposed = retry(shop, "rita")
    assert isinstance(proposed, tuple)
    assert isinstance(proposed[0], e.PayoutRetryProposed)
    again = retry(shop, "ron")
    assert isinstance(again, tuple)
    retried, initiated, accepted = again

    assert isinstance(retried, e.PayoutRetried)
    assert isinstance(initiated, e.PaymentInitiated)
    assert isinstance(accepted, e.PaymentAccepted)
    assert initiated.end_to_end_id.endswith(".2")
    assert initiated.creditor is not None
    assert initiated.creditor.payee_id == f"payee_{OTHER_IBAN.lower()}"
    shop.pay_out(only(shop).settlement_id, "accepted")
    assert (only(shop).state, only(shop).paid_minor) == ("paid", NET_MINOR)


def test_one_person_alone_pays_nothing_again(shop: Shop) -> None:
    shop.pay_out(only(shop).settlement_id, "rejected")
    answer = retry(shop, "rita", "rita")
    assert isinstance(answer, Refused)
    assert answer.rejection == "four_eyes_required"
    assert only(shop).payouts == 1


@pytest.mark.parametrize("said", ["accepted", None])
def test_what_was_paid_or_is_on_its_way_is_not_paid_again(shop: Shop, said: str | None) -> None:
    if said is not None:
        shop.pay_out(only(shop).settlement_id, said)
    answer = retry(shop, "rita", "ron")
    assert isinstance(answer, Refused)
    assert answer.rejection == "settlement_state_conflict"


def test_what_comes_back_in_parts_is_all_that_is_paid_again(shop: Shop) -> None:
    payment = shop.pay_out(only(shop).settlement_id, "accepted")
    shop.do(give_back(payment, 400, return_id="R1"), give_back(payment, 100, return_id="R2"))
    assert (only(shop).state, only(shop).unpaid_minor, only(shop).paid_minor) == ("failed", 500, NET_MINOR - 500)

    answer = retry(shop, "rita", "ron")
    assert isinstance(answer, tuple)
    assert only(shop).on_its_way_minor == 500
    shop.do(give_back(payment, 50, return_id="R3"))
    assert only(shop).state == "paying"
    shop.pay_out(only(shop).settlement_id, "accepted")
    assert (only(shop).state, only(shop).unpaid_minor) == ("failed", 50)


def test_what_came_back_to_suspense_is_not_on_the_payable_account_and_not_paid_from_it(shop: Shop) -> None:
    payment = shop.pay_out(only(shop).settlement_id, "accepted")
    shop.do(c.FreezeAccount(account_id=PAYABLE), give_back(payment, NET_MINOR), c.UnfreezeAccount(account_id=PAYABLE))
    assert (only(shop).state, only(shop).diverted_minor, only(shop).unpaid_minor) == ("failed", NET_MINOR, 0)
    assert isinstance(retry(shop, "rita"), Refused)


def test_a_payout_that_was_rejected_and_then_executed_is_not_paid_again(shop: Shop) -> None:
    payment = shop.pay_out(only(shop).settlement_id, "rejected")
    retry(shop, "rita")
    shop.do(outcome(payment, "accepted"))
    answer = retry(shop, "ron")
    assert isinstance(answer, Refused)
    assert answer.rejection == "settlement_state_conflict"


def test_a_payout_can_be_cancelled_before_the_rail_has_it(shop: Shop) -> None:
    payout_id = only(shop).payout_id
    assert payout_id is not None
    shop.do(c.CancelPayment(payment_id=payout_id))
    assert (only(shop).state, only(shop).unpaid_minor) == ("failed", NET_MINOR)
    assert shop.balances(PAYABLE) == [(NET_MINOR, 0)]
