"""Rates: what a pair of currencies costs, as exact integers, in either direction.

A pair has one rate, published in either direction; the newest counts. Direction, spread and the decimal places of both
currencies make one fraction, and an amount is rounded once, half to even, which over many quotes favours nobody.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from contracts.commands.fees import BASIS_POINTS_MAX
from contracts.commands.fx import RATE_DECIMALS, PublishRate
from contracts.events import RatePublished
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Touched
from ledger.domain.records import Record
from ledger.domain.rounding import rounded
from ledger.domain.state import Moment, State

RATE: Final = "rate"
RATE_UNIT: Final[int] = 10**RATE_DECIMALS


class Rate(Record, frozen=True, kw_only=True):
    """One unit of the base currency costs ``rate`` (decimal text) of the counter currency."""

    base_currency: str
    rate: str
    spread_basis_points: int
    quote_seconds: int
    valid_until: datetime


class Price(Struct, frozen=True):
    """Minor units of the bought currency per minor unit of the sold one, as a fraction."""

    numerator: int
    denominator: int

    def bought_for(self, sell_minor: int) -> int:
        """What an amount buys. Below zero, what the same amount owed would cost."""
        return rounded(sell_minor * self.numerator, self.denominator, "half_even")

    def sold_for(self, buy_minor: int) -> int:
        """What has to be sold to buy an amount."""
        return rounded(buy_minor * self.denominator, self.numerator, "half_even")


def e10_of(rate: str) -> int:
    """A rate as an exact integer: ``e10_of("1.0843") == 10_843_000_000``."""
    whole, _, decimals = rate.partition(".")
    return int(whole) * RATE_UNIT + int(decimals.ljust(RATE_DECIMALS, "0"))


def price_of(rate: Rate, *, sell: str, sell_scale: int, buy_scale: int, spread: bool) -> Price:
    """The price of a pair for somebody who sells ``sell``; without ``spread`` the middle, by which positions are worth.

    Selling the base currency brings the rate less the spread. Buying it costs the rate plus the spread, so selling the
    counter currency brings one divided by that.
    """
    e10, points = e10_of(rate.rate), rate.spread_basis_points if spread else 0
    if sell == rate.base_currency:
        numerator, denominator = e10 * (BASIS_POINTS_MAX - points), RATE_UNIT * BASIS_POINTS_MAX
    else:
        numerator, denominator = RATE_UNIT * BASIS_POINTS_MAX, e10 * (BASIS_POINTS_MAX + points)
    return Price(numerator * 10**buy_scale, denominator * 10**sell_scale)


def current_rate(state: State, one: str, other: str, *, now: datetime) -> Rate | Refused:
    """The newest rate of a pair, if it is still valid."""
    rate = state.record(RATE, _key(one, other))
    assert rate is None or isinstance(rate, Rate)
    if rate is None:
        return Refused(Rejection.RATE_NOT_AVAILABLE, f"no rate of {one} and {other} has been published")
    if now >= rate.valid_until:
        return Refused(
            Rejection.RATE_NOT_AVAILABLE, f"the rate of {one} and {other} was valid until {rate.valid_until:%FT%TZ}"
        )
    return rate


def decide_publish(command: PublishRate, state: State, moment: Moment) -> RatePublished | Refused:
    """Publish a rate."""
    for field in ("base_currency", "counter_currency"):
        currency = getattr(command, field)
        if state.scale_of(currency) is None:
            return Refused(Rejection.CURRENCY_UNKNOWN, f"{currency} is not known", f"/{field}")
    return RatePublished(
        base_currency=command.base_currency,
        counter_currency=command.counter_currency,
        rate=command.rate,
        spread_basis_points=command.spread_basis_points,
        valid_seconds=command.valid_seconds,
        quote_seconds=command.quote_seconds,
        valid_until=moment.now + timedelta(seconds=command.valid_seconds),
    )


def evolve_published(state: State, event: RatePublished, position: int) -> None:
    """Remember the pair's newest rate."""
    state.records[RATE, _key(event.base_currency, event.counter_currency)] = Rate(
        base_currency=event.base_currency,
        rate=event.rate,
        spread_basis_points=event.spread_basis_points,
        quote_seconds=event.quote_seconds,
        valid_until=event.valid_until,
    )


def touch_publish(command: PublishRate, touched: Touched) -> None:
    """Both currencies: one may be a declared asset."""
    touched.currencies.update((command.base_currency, command.counter_currency))


def touch_rate(touched: Touched, one: str, other: str) -> None:
    """The rate of a pair, in either direction."""
    touched.records.add((RATE, _key(one, other)))
    touched.currencies.update((one, other))


def _key(one: str, other: str) -> str:
    return ":".join(sorted((one, other)))
