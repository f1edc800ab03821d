"""The tests of prices can fail: each fault planted into the code makes the named test do so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from msgspec.structs import replace

from contracts import commands as c
from ledger.domain import fees, rounding
from ledger.domain.book import DECIDERS
from ledger.domain.fx import positions, quotes
from ledger.domain.fx.positions import Effect
from ledger.domain.fx.rates import Price, price_of
from ledger.domain.payments import booking, gates, initiation
from tests.ledger.pricing import test_fees, test_fx
from tests.ledger.pricing.bank import FEES
from tests.ledger.pricing.test_positions import run_many

RUNS_MAX: Final = 2_000
Plant = Callable[[pytest.MonkeyPatch], None]


def round_by_float(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fees, "rounded", lambda numerator, denominator, rule: round(numerator / denominator))


def round_down(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fees, "rounded", lambda numerator, denominator, rule: numerator // denominator)


def round_every_tier(patch: pytest.MonkeyPatch) -> None:
    real = fees.fees_of

    def tier_by_tier(schedule: fees.FeeSchedule, amount_minor: int) -> int:
        ends = [*(tier.from_minor for tier in schedule.tiers[1:]), amount_minor]
        if schedule.tiering == "whole" or schedule.minimum_minor or schedule.maximum_minor:
            return real(schedule, amount_minor)
        return sum(
            rounding.rounded(
                tier.flat_minor * 10_000 + tier.basis_points * (min(end, amount_minor) - tier.from_minor),
                10_000,
                schedule.rounding,
            )
            for tier, end in zip(schedule.tiers, ends, strict=False)
            if tier.from_minor <= amount_minor
        )

    patch.setattr(test_fees, "fees_of", tier_by_tier)


def begin_a_tier_above_its_amount(patch: pytest.MonkeyPatch) -> None:
    real = fees.fees_of
    patch.setattr(test_fees, "fees_of", lambda schedule, amount_minor: real(schedule, amount_minor - 1))


def forget_the_maximum(patch: pytest.MonkeyPatch) -> None:
    real = fees.fees_of
    patch.setattr(
        test_fees, "fees_of", lambda schedule, amount_minor: real(replace(schedule, maximum_minor=None), amount_minor)
    )


@pytest.mark.parametrize(
    "plant",
    [round_by_float, round_down, round_every_tier, begin_a_tier_above_its_amount, forget_the_maximum],
    ids=lambda plant: plant.__name__,
)
def test_the_property_of_fees_fails_when(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    @settings(
        max_examples=RUNS_MAX,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(test_fees.schedules(), test_fees.amounts)
    def look(terms: fees.FeeSchedule, amount_minor: int) -> None:
        test_fees.expect_exact_fee(terms, amount_minor)

    with pytest.raises(AssertionError):
        look()


def drop_the_remainder(patch: pytest.MonkeyPatch) -> None:
    """Cut every part to a whole number, and lose what is left over."""
    patch.setattr(
        positions, "apportioned", lambda total, weights: tuple(total * weight // sum(weights) for weight in weights)
    )


def realise_the_proceeds(patch: pytest.MonkeyPatch) -> None:
    """Forget to take the cost out."""

    def whole(quantity_minor: int, cost_minor: int, *, change_minor: int, paid_minor: int) -> Effect:
        return Effect(paid_minor, 0) if quantity_minor * change_minor >= 0 else Effect(0, -paid_minor)

    patch.setattr(positions, "effect_of", whole)


def realise_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(positions, "effect_of", lambda quantity, cost, *, change_minor, paid_minor: Effect(paid_minor, 0))


def invert_the_rate_of_positions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(positions, "price_of", lambda rate, **more: _inverted(price_of(rate, **more)))


def _inverted(price: Price) -> Price:
    return Price(price.denominator, price.numerator)


def revalue_with_the_spread(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(positions, "price_of", lambda rate, **more: price_of(rate, **{**more, "spread": True}))


def book_the_whole_valuation_again(patch: pytest.MonkeyPatch) -> None:
    real = positions._posted
    patch.setattr(positions, "_posted", lambda name, state: 0 if name.endswith("valuation") else real(name, state))


def forget_which_way_the_bank_trades(patch: pytest.MonkeyPatch) -> None:
    real = positions._changes
    patch.setattr(positions, "_changes", lambda quote, terms, sign: real(quote, terms, 1))


@pytest.mark.parametrize(
    "plant",
    [
        drop_the_remainder,
        realise_the_proceeds,
        realise_nothing,
        invert_the_rate_of_positions,
        revalue_with_the_spread,
        book_the_whole_valuation_again,
        forget_which_way_the_bank_trades,
    ],
    ids=lambda plant: plant.__name__,
)
def test_the_random_run_of_positions_fails_when(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    with pytest.raises(AssertionError):
        run_many(runs_max=RUNS_MAX)


def invert_the_rate(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quotes, "price_of", lambda rate, **more: _inverted(price_of(rate, **more)))


def give_the_spread_to_the_wrong_side(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        quotes,
        "price_of",
        lambda rate, **more: price_of(replace(rate, spread_basis_points=-rate.spread_basis_points), **more),
    )


def cut_instead_of_rounding(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Price, "bought_for", lambda price, minor: minor * price.numerator // price.denominator)


def leave_a_quote_unused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quotes, "take_quote", lambda state, identifier, *, payment_id: None)


def take_a_quote_at_its_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quotes, "has_expired", lambda quote, now: now > quote.expires_at)


def forget_expiry_on_the_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gates, "has_expired", lambda quote, now: False)


def quote_for_everybody(patch: pytest.MonkeyPatch) -> None:
    real = quotes.refuse_use
    patch.setattr(
        quotes,
        "refuse_use",
        lambda state, identifier, *, currency, amount_minor, moment: real(
            state,
            identifier,
            currency=currency,
            amount_minor=amount_minor,
            moment=_of(moment, quotes.quote_of(state, identifier)),
        ),
    )


def _of(moment: Any, quote: quotes.Quote | None) -> Any:
    return moment if quote is None else replace(moment, subject=quote.requested_by)


def take_any_amount(patch: pytest.MonkeyPatch) -> None:
    real = quotes.refuse_use

    def without_amounts(state: Any, identifier: str, *, currency: str, amount_minor: int, moment: Any) -> Any:
        quote = quotes.quote_of(state, identifier)
        return None if quote is None else real(
            state, identifier, currency=quote.sell_currency, amount_minor=quote.sell_minor, moment=moment
        )  # fmt: skip

    patch.setattr(quotes, "refuse_use", without_amounts)


def refund_what_was_exchanged(patch: pytest.MonkeyPatch) -> None:
    real = DECIDERS[c.RefundPayment]

    def as_if_it_was_not(command: Any, state: Any, moment: Any) -> Any:
        payment = state.record("payment", command.payment_id)
        state.records["payment", command.payment_id] = replace(payment, quote_id=None)
        return real(command, state, moment)

    table: Any = DECIDERS
    patch.setitem(table, c.RefundPayment, as_if_it_was_not)


def by_hand() -> None:
    """Every quote of the table."""
    for case in test_fx.QUOTES:
        test_fx.test_a_quote_by_hand(*case)


USE: Final = test_fx.TestUsingAQuote
QUOTE_FAULTS: Final = [
    (invert_the_rate, by_hand),
    (give_the_spread_to_the_wrong_side, by_hand),
    (cut_instead_of_rounding, by_hand),
    (leave_a_quote_unused, USE().test_a_quote_serves_once),
    (take_a_quote_at_its_end, USE().test_it_holds_up_to_its_last_instant_and_not_at_it),
    (forget_expiry_on_the_way,
     USE().test_a_payment_that_waited_longer_than_its_quote_holds_is_rejected_when_it_goes_on),
    (quote_for_everybody, USE().test_it_is_for_whoever_asked_and_others_do_not_even_learn_that_it_exists),
    (take_any_amount, USE().test_a_mismatch_names_both_figures),
    (refund_what_was_exchanged, USE().test_a_payment_that_exchanged_is_not_refunded),
]  # fmt: skip


@pytest.mark.parametrize(("plant", "kept_by"), QUOTE_FAULTS, ids=lambda one: one.__name__)
def test_a_test_of_quotes_fails_when(
    plant: Plant, kept_by: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)

    with pytest.raises(AssertionError):
        kept_by()


def book_no_fee(patch: pytest.MonkeyPatch) -> None:
    real = booking.book_payment
    patch.setattr(
        gates,
        "book_payment",
        lambda payment, state, **more: real(replace(payment, fee_account_id=None, fee_minor=0), state, **more),
    )


def hold_no_fee(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(booking, "total_minor", lambda payment: payment.amount_minor)


def charge_the_fee_of_today(patch: pytest.MonkeyPatch) -> None:
    """Lose a payment because its fee account was closed on the way."""
    patch.setattr(booking, "_taker_of_fee", lambda payment, state: payment.fee_account_id)


def charge_everybody(patch: pytest.MonkeyPatch) -> None:
    real = initiation._charge_for

    def even_the_bank(wish: Any, amount_minor: int, state: Any) -> Any:
        found = real(wish, amount_minor, state)
        own = found == fees.FREE and wish.debtor_account_id == "nostro:eur"
        return fees.Charge(100, FEES) if own else found

    patch.setattr(initiation, "_charge_for", even_the_bank)


ON_RAIL: Final = test_fees.TestOnARail
FEE_FAULTS: Final = [
    (book_no_fee, ON_RAIL().test_the_fee_is_held_with_the_amount_and_booked_with_it),
    (hold_no_fee, ON_RAIL().test_the_fee_is_held_with_the_amount_and_booked_with_it),
    (charge_the_fee_of_today,
     ON_RAIL().test_a_payment_under_way_keeps_its_fee_and_a_fee_account_closed_meanwhile_is_replaced),
    (charge_everybody, test_fees.TestWhoPays().test_the_banks_own_accounts_and_the_fee_account_pay_no_fee),
]  # fmt: skip


@pytest.mark.parametrize(("plant", "kept_by"), FEE_FAULTS, ids=lambda one: one.__name__)
def test_a_test_of_fees_fails_when(plant: Plant, kept_by: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    with pytest.raises((AssertionError, ValueError)):
        kept_by()


def test_nothing_is_planted_when_nobody_plants() -> None:
    """Each of the tests above passes on the code as it is."""
    for _, kept_by in (*QUOTE_FAULTS, *FEE_FAULTS):
        kept_by()
    run_many(runs_max=50)
