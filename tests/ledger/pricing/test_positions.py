"""Positions after any trades and revaluations, against figures that share nothing with the code.

After every step, per foreign currency:

* the position is the sum of what was bought less what was sold;
* a position of nothing has cost nothing, and a cost never has the other sign than its position;
* what a trade realises is the average cost, to the nearest unit;

and after every revaluation:

* cost + valuation is the position's worth at the rate, rounded once;
* what customers were paid, net, and all results together are the worth of all positions.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any, Final, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused, Rejection
from tests.ledger.pricing.bank import (
    FOREIGN,
    FUNDS_MINOR,
    HOME,
    REALISED,
    SCALE,
    UNREALISED,
    PricingBank,
    pay_at,
    wallet,
)
from tests.support.ledger import sums

STEPS_MAX: Final = 12


class Trade(NamedTuple):
    """Somebody sells one currency for another."""

    sell: str
    buy: str
    sell_minor: int
    by: str


class NewRate(NamedTuple):
    """A rate of a foreign currency: what one unit of it costs in EUR, or how many of it one EUR costs."""

    currency: str
    e10: int
    home_is_base: bool
    spread: int


Step = Trade | NewRate | None  # None: revalue

pairs: Final = [(sell, buy) for sell in SCALE for buy in SCALE if sell != buy]
trades: Final = st.builds(
    lambda pair, minor, by: Trade(pair[0], pair[1], minor, by),
    st.sampled_from(pairs),
    st.integers(1, 10**6),
    st.sampled_from(["customer", "customer", "bank"]),
)
rates: Final = st.builds(
    NewRate, st.sampled_from(FOREIGN), st.integers(10**6, 10**13), st.booleans(), st.integers(0, 200)
)
steps: Final = st.lists(st.one_of(trades, trades, rates, st.none()), min_size=1, max_size=STEPS_MAX)


class Run:
    """A bank under random steps, with its own idea of every figure."""

    def __init__(self) -> None:
        self.bank = PricingBank()
        self.quantity = dict.fromkeys(FOREIGN, 0)
        self.worth_of_one: dict[str, Fraction] = {}
        for currency in FOREIGN:
            self.publish(NewRate(currency, 10**10, True, 0))

    def step(self, step: Step) -> None:
        """Do one step and look at everything."""
        match step:
            case Trade():
                self.trade(step)
            case NewRate():
                self.publish(step)
            case None:
                self.revalue()
        for currency in FOREIGN:
            quantity, cost, _ = self.bank.holding(currency)
            assert quantity == self.quantity[currency]
            assert cost * quantity > 0 or cost == 0 or abs(cost) <= STEPS_MAX  # a unit may be lost to rounding per step
            assert quantity or not cost
        assert set(sums(self.bank.lines).values()) == {0}

    def publish(self, rate: NewRate) -> None:
        text = f"{rate.e10 // 10**10}.{rate.e10 % 10**10:010}"
        pair = (HOME, rate.currency) if rate.home_is_base else (rate.currency, HOME)
        self.bank.publish(*pair, text, spread=rate.spread)
        worth = Fraction(rate.e10, 10**10)
        scaled = Fraction(10 ** SCALE[HOME], 10 ** SCALE[rate.currency])
        self.worth_of_one[rate.currency] = (1 / worth if rate.home_is_base else worth) * scaled

    def trade(self, trade: Trade) -> None:
        if HOME not in (trade.sell, trade.buy):
            self.bank.publish(trade.sell, trade.buy, "1.5", spread=10)
        before = {currency: self.bank.holding(currency) for currency in FOREIGN}
        realised_minor = self.bank.posted(REALISED)
        given_or_refused = self.bank.attempt(
            c.RequestQuote(sell_currency=trade.sell, buy_currency=trade.buy, sell_minor=trade.sell_minor)
        )
        if isinstance(given_or_refused, Refused):
            assert given_or_refused.rejection == Rejection.AMOUNT_OUT_OF_RANGE
            return
        (quote,) = given_or_refused
        assert isinstance(quote, e.QuoteGiven)
        who = ("alice", "bob") if trade.by == "customer" else ("nostro", "nostro")
        last = self.bank.do(pay_at(quote, debtor=who[0], creditor=who[1]))
        if isinstance(last, e.PaymentRejected):
            assert last.reason_code == "AM04"
            return
        sign = 1 if trade.by == "customer" else -1
        result = 0
        for currency, change in ((trade.sell, sign * quote.sell_minor), (trade.buy, -sign * quote.buy_minor)):
            if currency != HOME:
                self.quantity[currency] += change
                paid = quote.value_minor if change > 0 else -quote.value_minor
                result += realised_by(*before[currency][:2], change=change, paid=paid)
        assert self.bank.posted(REALISED) - realised_minor == result

    def revalue(self) -> None:
        decided = self.bank.attempt(c.RevaluePositions())
        if isinstance(decided, Refused):
            assert decided.rejection == Rejection.POSITIONS_UNCHANGED
        worth_of_all = 0
        for currency in FOREIGN:
            quantity, cost, valuation = self.bank.holding(currency)
            worth = round(quantity * self.worth_of_one[currency])
            assert cost + valuation == worth
            worth_of_all += worth
        assert self.paid_net() + self.bank.posted(REALISED) + self.bank.posted(UNREALISED) == worth_of_all

    def paid_net(self) -> int:
        """What others got of the functional currency, and the bank's own account elsewhere lost of it."""
        others = sum(self.bank.posted(wallet(name, HOME)) - FUNDS_MINOR for name in ("alice", "bob"))
        return others - self.bank.posted(wallet("nostro", HOME))


def realised_by(quantity: int, cost: int, *, change: int, paid: int) -> int:
    """The result of a trade by average cost: both parts in fractions, each to the nearest, a half away from zero."""
    if quantity * change >= 0:
        return 0
    closing = min(abs(quantity), abs(change))
    return -nearest(Fraction(paid * closing, abs(change))) - nearest(Fraction(cost * closing, abs(quantity)))


def nearest(exact: Fraction) -> int:
    """The nearest whole number; a half goes away from zero."""
    whole = floor(abs(exact) + Fraction(1, 2))
    return whole if exact > 0 else -whole


def run(sequence: list[Step]) -> None:
    """A whole run, which ends with a revaluation."""
    book = Run()
    for step in [*sequence, None]:
        book.step(step)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_positions_and_results_are_exact_after_any_trades_and_revaluations(sequence: list[Step]) -> None:
    run(sequence)


def run_many(*, runs_max: int) -> Any:
    """The same runs always, until the first that fails: for planted faults."""

    @settings(
        max_examples=runs_max,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(steps)
    def again(sequence: list[Step]) -> None:
        run(sequence)

    return again()
