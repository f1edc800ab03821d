"""Quotes: a price for exactly one payment of the principal who asked, until it expires.

Whether a quote has expired is judged when it is used, so nothing has to happen at that instant: it has no ``due_at``.
Used means taken by a payment, be it rejected later: the next payment needs another quote.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from contracts.commands.fx import RequestQuote
from contracts.events import QuoteGiven
from contracts.ids import quote_id
from contracts.money import AMOUNT_MINOR_MAX
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Touched
from ledger.domain.fx.rates import Price, Rate, current_rate, price_of, touch_rate
from ledger.domain.fx.terms import FxTerms, terms_of, touch_terms
from ledger.domain.records import Record
from ledger.domain.state import Moment, State

QUOTE: Final = "quote"


class Quote(Record, frozen=True, kw_only=True):
    """A price given. ``value_minor``: of the trade, in the functional currency; ``used_by``: a payment."""

    quote_id: str
    sell_currency: str
    buy_currency: str
    sell_minor: int
    buy_minor: int
    value_minor: int
    requested_by: str
    expires_at: datetime
    used_by: str | None = None


def quote_of(state: State, identifier: str) -> Quote | None:
    """A quote that was given; None when there is none of this id."""
    quote = state.record(QUOTE, identifier)
    assert quote is None or isinstance(quote, Quote)
    return quote


def decide_request(command: RequestQuote, state: State, moment: Moment) -> QuoteGiven | Refused:
    """Give a quote at the pair's current rate."""
    terms = _tradable(command, state)
    if isinstance(terms, Refused):
        return terms
    sell, buy = command.sell_currency, command.buy_currency
    rate = current_rate(state, sell, buy, now=moment.now)
    if isinstance(rate, Refused):
        return rate
    amounts = _amounts(command, _price(state, rate, sell, buy, spread=True))
    if isinstance(amounts, Refused):
        return amounts
    sell_minor, buy_minor = amounts
    value_minor = _value(terms, state, moment, sell=(sell, sell_minor), buy=(buy, buy_minor))
    if isinstance(value_minor, Refused):
        return value_minor
    return QuoteGiven(
        quote_id=quote_id(moment.position),
        sell_currency=sell,
        buy_currency=buy,
        sell_minor=sell_minor,
        buy_minor=buy_minor,
        base_currency=rate.base_currency,
        rate=rate.rate,
        spread_basis_points=rate.spread_basis_points,
        functional_currency=terms.functional_currency,
        value_minor=value_minor,
        requested_by=moment.subject,
        expires_at=moment.now + timedelta(seconds=rate.quote_seconds),
    )


def _tradable(command: RequestQuote, state: State) -> FxTerms | Refused:
    terms = terms_of(state)
    if terms is None:
        return Refused(Rejection.FX_NOT_DEFINED, "foreign exchange is not defined")
    for field in ("sell_currency", "buy_currency"):
        currency = getattr(command, field)
        if not terms.trades(currency):
            return Refused(Rejection.FX_NOT_DEFINED, f"there is no position in {currency}", f"/{field}")
    return terms


def _amounts(command: RequestQuote, price: Price) -> tuple[int, int] | Refused:
    """The amount asked for, and the other one by the price."""
    if command.sell_minor is not None:
        sell_minor, buy_minor, pointer = command.sell_minor, price.bought_for(command.sell_minor), "/sell_minor"
    else:
        assert command.buy_minor is not None
        sell_minor, buy_minor, pointer = price.sold_for(command.buy_minor), command.buy_minor, "/buy_minor"
    if not 1 <= min(sell_minor, buy_minor) <= max(sell_minor, buy_minor) <= AMOUNT_MINOR_MAX:
        return Refused(
            Rejection.AMOUNT_OUT_OF_RANGE,
            f"{sell_minor} {command.sell_currency} for {buy_minor} {command.buy_currency} minor units is no trade",
            pointer,
        )
    return sell_minor, buy_minor


def _value(
    terms: FxTerms, state: State, moment: Moment, *, sell: tuple[str, int], buy: tuple[str, int]
) -> int | Refused:
    """What a trade is worth in the functional currency: its own leg, or what is sold at the middle rate."""
    home = terms.functional_currency
    for currency, amount_minor in (sell, buy):
        if currency == home:
            return amount_minor
    currency, amount_minor = sell
    rate = current_rate(state, currency, home, now=moment.now)
    if isinstance(rate, Refused):
        return rate
    value_minor = _price(state, rate, currency, home, spread=False).bought_for(amount_minor)
    if value_minor > AMOUNT_MINOR_MAX:
        return Refused(Rejection.AMOUNT_OUT_OF_RANGE, f"the trade is worth {value_minor} {home} minor units")
    return value_minor


def _price(state: State, rate: Rate, sell: str, buy: str, *, spread: bool) -> Price:
    sell_scale, buy_scale = state.scale_of(sell), state.scale_of(buy)
    assert sell_scale is not None, f"{sell} has accounts"
    assert buy_scale is not None, f"{buy} has accounts"
    return price_of(rate, sell=sell, sell_scale=sell_scale, buy_scale=buy_scale, spread=spread)


def refuse_use(state: State, identifier: str, *, currency: str, amount_minor: int, moment: Moment) -> Refused | None:
    """Why a payment of this amount by this principal may not take a quote; None when it may.

    Somebody else's quote is not found: that it exists is not theirs to know.
    """
    quote = quote_of(state, identifier)
    if quote is None or quote.requested_by != moment.subject:
        return Refused(Rejection.QUOTE_NOT_FOUND, f"you have no quote {identifier}", "/quote_id")
    if quote.used_by is not None:
        return Refused(Rejection.QUOTE_ALREADY_USED, f"{identifier} was used by {quote.used_by}", "/quote_id")
    if has_expired(quote, moment.now):
        return Refused(Rejection.QUOTE_EXPIRED, f"{identifier} held until {quote.expires_at:%FT%TZ}", "/quote_id")
    if (currency, amount_minor) != (quote.sell_currency, quote.sell_minor):
        return Refused(
            Rejection.QUOTE_MISMATCH,
            f"the payment is of {amount_minor} {currency} minor units, "
            f"{identifier} sells {quote.sell_minor} {quote.sell_currency}",
            "/instructed_amount",
        )
    return None


def has_expired(quote: Quote, now: datetime) -> bool:
    """Tell whether a quote holds no more."""
    return now >= quote.expires_at


def take_quote(state: State, identifier: str, *, payment_id: str) -> None:
    """Know that a payment has taken a quote."""
    quote = quote_of(state, identifier)
    assert quote is not None
    state.records[QUOTE, identifier] = msgspec.structs.replace(quote, used_by=payment_id)


def evolve_given(state: State, event: QuoteGiven, position: int) -> None:
    """Remember a quote."""
    state.records[QUOTE, event.quote_id] = Quote(
        quote_id=event.quote_id,
        sell_currency=event.sell_currency,
        buy_currency=event.buy_currency,
        sell_minor=event.sell_minor,
        buy_minor=event.buy_minor,
        value_minor=event.value_minor,
        requested_by=event.requested_by,
        expires_at=event.expires_at,
    )


def touch_request(command: RequestQuote, touched: Touched) -> None:
    """The terms and the pair's rate."""
    touch_terms(touched)
    touch_rate(touched, command.sell_currency, command.buy_currency)


def follow_request(command: RequestQuote, state: State, touched: Touched) -> None:
    """What is sold, in the functional currency."""
    terms = terms_of(state)
    if terms is not None:
        touch_rate(touched, command.sell_currency, terms.functional_currency)


def touch_quote(touched: Touched, identifier: str | None) -> None:
    """The quote that a payment names, and where trades are booked."""
    if identifier is not None:
        touched.records.add((QUOTE, identifier))
        touch_terms(touched)
