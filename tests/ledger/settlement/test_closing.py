"""Closing a merchant's period: what is counted, reckoned, booked and paid out, to the minor unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from contracts.commands.merchants import AskedFees, FeeRounding, MerchantFees
from contracts.events.merchants import KindSum, SettlementFigures
from contracts.rejections import Refused
from ledger.domain.book import DECIDERS, EVOLVERS
from ledger.domain.takings import fee_of, rounded_share
from tests.ledger.payments.bank import pay_in_book, suspense_of
from tests.ledger.settlement.shop import (
    ACCOUNT,
    FEES,
    PAYABLE,
    RESERVE,
    SHOP,
    Shop,
    define,
    with_reserve,
)
from tests.support.ledger import MORNING, hold, leg, move
from tests.support.payments import assessed, hit


def figures(**named: int | KindSum) -> SettlementFigures:
    none = KindSum(count=0, amount_minor=0)
    zeros: dict[str, int | KindSum] = dict.fromkeys(SettlementFigures.__struct_fields__, 0)
    kinds = {"payments": none, "refunds": none, "returns": none}
    return SettlementFigures(**{**zeros, **kinds, **named})  # type: ignore[arg-type]  # each by its name


def sum_of(count: int, amount_minor: int) -> KindSum:
    return KindSum(count=count, amount_minor=amount_minor)


def test_a_day_is_settled_to_the_minor_unit_and_paid_out_in_the_same_commit() -> None:
    shop = Shop()
    first = shop.sell("100.00")
    card = shop.sell_by_card("50.00")
    shop.refund(first, 2_000)
    shop.charge_back(card, 5_000)
    shop.do(move("world", ACCOUNT, 300))

    closed, initiated, accepted = shop.close()

    assert isinstance(closed, e.SettlementClosed)
    fee_minor = 150 + 10 + 75 + 10 + 20 + 1_500
    assert closed.figures == figures(
        payments=sum_of(2, 15_000),
        refunds=sum_of(1, 2_000),
        returns=sum_of(1, 5_000),
        other_minor=300,
        fee_minor=fee_minor,
        net_minor=15_000 - 2_000 - 5_000 + 300 - fee_minor,
    )
    net_minor = closed.figures.net_minor
    assert shop.balances(ACCOUNT, FEES, PAYABLE) == [(0, 0), (fee_minor, 0), (net_minor, net_minor)]
    assert isinstance(initiated, e.PaymentInitiated)
    assert (initiated.payment_type, initiated.rail, initiated.amount_minor) == ("payout", "sct_inst", net_minor)
    assert (initiated.debtor_account_id, initiated.settlement_id) == (PAYABLE, closed.settlement_id)
    assert initiated.end_to_end_id == f"{closed.settlement_id}.1"
    assert isinstance(accepted, e.PaymentAccepted)
    assert shop.settlement(closed.settlement_id).state == "paying"


def test_positions_are_covered_without_hole_or_overlap_however_late_the_timer_is() -> None:
    shop = Shop()
    defined_at = shop.position
    shop.sell()
    shop.close()
    shop.sell()
    shop.sell()
    shop.close(late=timedelta(hours=50))
    shop.sell()

    first, second = shop.closed
    assert first.from_position == defined_at
    assert int(first.settlement_id.removeprefix("set_")) == first.to_position + 1
    assert second.from_position == first.to_position + 2
    assert shop.takings.from_position == second.to_position + 2
    assert [closed.figures.payments.count for closed in shop.closed] == [1, 2]
    assert shop.takings.counted.payments_count == 1


def test_a_cut_off_is_closed_once_and_not_before_it_comes() -> None:
    shop = Shop()
    shop.sell()
    command = shop.close_command

    early = shop.attempt(command)
    shop.close()
    again = shop.attempt(command)

    assert isinstance(early, Refused)
    assert isinstance(again, Refused)
    assert (early.rejection, again.rejection) == ("cut_off_not_due", "cut_off_not_due")
    assert len(shop.closed) == 1


def test_what_is_below_the_minimum_waits_with_all_that_was_counted() -> None:
    shop = Shop(define(minimum_payout_minor=5_000))
    shop.sell("40.00")
    (passed,) = shop.close()

    assert isinstance(passed, e.CutOffPassed)
    assert passed.figures.net_minor == 4_000 - 70
    assert shop.balances(ACCOUNT, FEES, PAYABLE) == [(4_000, 0), (0, 0), (0, 0)]

    shop.sell("20.00")
    closed = shop.close()[0]
    assert isinstance(closed, e.SettlementClosed)
    assert closed.figures.payments == sum_of(2, 6_000)
    assert closed.figures.net_minor == 6_000 - 70 - 40


def test_a_day_without_anything_books_nothing() -> None:
    shop = Shop()
    before = len(shop.lines)
    (passed,) = shop.close()
    assert isinstance(passed, e.CutOffPassed)
    assert len(shop.lines) == before


def test_what_holds_reserve_is_carried_over() -> None:
    shop = Shop()
    shop.sell("100.00")
    placed = shop.do(hold(leg(ACCOUNT, "bob", 1_000)))

    closed = shop.close()[0]
    assert isinstance(closed, e.SettlementClosed)
    assert (closed.figures.carried_minor, closed.figures.net_minor) == (1_000, 10_000 - 160 - 1_000)
    assert shop.balances(ACCOUNT) == [(1_000, 1_000)]

    shop.do(c.ReleaseHold(hold_id=placed.hold_id))
    later = shop.close()[0]
    assert isinstance(later, e.SettlementClosed)
    assert later.figures == figures(opening_minor=1_000, net_minor=1_000)


def test_a_reserve_is_kept_and_comes_back_with_a_later_settlement() -> None:
    shop = Shop(with_reserve())
    for _ in range(4):
        shop.sell("100.00")
        shop.close()

    kept = [closed.figures.reserve_minor for closed in shop.closed]
    released = [closed.figures.released_minor for closed in shop.closed]
    assert (kept, released) == ([1_000] * 4, [0, 0, 1_000, 1_000])
    assert shop.balances(RESERVE) == [(2_000, 0)]
    assert [reserve.amount_minor for reserve in shop.merchant.reserves] == [1_000, 1_000]


def test_money_that_was_there_before_the_merchant_was_defined_is_its_opening() -> None:
    shop = Shop()
    assert shop.merchant.terms.opening_minor == 0
    shop.do(move("world", "bob", 700), define(merchant_id="bobs", account_id="bob"))
    terms = shop.events[-1]
    assert isinstance(terms, e.MerchantDefined)
    assert terms.opening_minor == 700


def test_a_return_that_the_account_cannot_bear_costs_its_fee_and_moves_nothing() -> None:
    shop = Shop()
    card = shop.sell_by_card("50.00")
    shop.close()
    shop.charge_back(card, 5_000)

    assert shop.balances(ACCOUNT) == [(0, 0)]
    assert shop.account(suspense_of("card_psp")).posted_minor != 0
    assert shop.takings.counted.returns_count == 1
    assert shop.takings.counted.returns_minor == 0
    assert shop.takings.counted.fee_minor == 1_500


def test_a_payout_carries_what_was_found_about_its_payee_and_needs_no_authentication() -> None:
    shop = Shop()
    shop.sell()
    shop.do(
        c.DefineAuthentication(currency="EUR", amount_from_minor=1),
        assessed(define(), assessment=Assessment(screening=hit())),
    )
    _, _, last = shop.close()
    assert isinstance(last, e.PaymentHeldForReview)

    payout = shop.payout_of(shop.closed[0].settlement_id)
    for reviewer in ("rita", "ron"):
        shop.as_(reviewer, c.ReviewPayment(payment_id=payout.payment_id, decision="release", reason="ours"))
    assert shop.payment(payout.payment_id).state == "accepted"


def test_a_payment_that_the_merchant_makes_is_other_and_costs_nothing() -> None:
    shop = Shop()
    shop.sell("100.00")
    shop.pay(pay_in_book("30.00", debtor=ACCOUNT, creditor="bob"))
    closed = shop.close()[0]
    assert isinstance(closed, e.SettlementClosed)
    assert (closed.figures.other_minor, closed.figures.fee_minor) == (-3_000, 160)


def test_new_terms_count_from_the_next_payment_on() -> None:
    shop = Shop()
    shop.sell("100.00")
    shop.do(define(fees=AskedFees(basis_points=1_000)))
    shop.sell("100.00")
    assert shop.takings.counted.fee_minor == 160 + 1_000


@pytest.mark.parametrize(
    ("rule", "amounts"),
    [
        ("half_even", {50: 0, 51: 1, 149: 1, 150: 2, 250: 2}),
        ("half_up", {49: 0, 50: 1, 149: 1, 150: 2, 250: 3}),
        ("up", {0: 0, 1: 1, 100: 1, 101: 2}),
    ],
)
def test_a_share_is_rounded_once_by_its_rule(rule: FeeRounding, amounts: dict[int, int]) -> None:
    assert {amount: rounded_share(amount, 100, rule) for amount in amounts} == amounts


def test_a_fee_is_a_share_and_a_flat_part() -> None:
    assert fee_of(MerchantFees(basis_points=150, payment_minor=10), 10_000) == 160


def test_every_command_and_event_of_settlement_has_its_function() -> None:
    assert {c.CloseSettlement, c.RetryPayout, c.SettleClearing} <= set(DECIDERS)
    assert {e.MerchantDefined, e.SettlementClosed, e.CutOffPassed, e.PayoutRetried} <= set(EVOLVERS)


def test_the_next_cut_off_follows_the_clock_on_the_wall() -> None:
    shop = Shop()
    assert datetime(2026, 3, 2, 8, tzinfo=UTC) == MORNING
    assert shop.merchant.due_at == datetime(2026, 3, 2, 16, tzinfo=UTC)
    shop.now = datetime(2026, 3, 27, 17, tzinfo=UTC)
    shop.close()
    assert shop.merchant.due_at == datetime(2026, 3, 30, 15, tzinfo=UTC)
    assert shop.merchant.terms.merchant_id == SHOP
