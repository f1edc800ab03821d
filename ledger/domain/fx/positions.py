"""Positions: what a trade and a revaluation do to them, exact to the minor unit.

A trade that makes a position larger adds its worth to the cost. One that makes it smaller takes a proportional part of
the cost out (average cost, split by largest remainder, so that nothing is lost and a closed position has no cost left);
the difference to its worth is the realised result. A trade through zero is split into both by quantity.

    sign of a quantity   + long, - short        worth, cost, result   functional minor units; + paid, or gained
"""

from typing import Final

from msgspec import Struct

from contracts.commands import Posting, Side
from contracts.commands.fx import RevaluePositions
from contracts.events import FxPositionSet, PositionsRevalued, RevaluedPosition
from contracts.ids import transfer_id
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Touched
from ledger.domain.fx.quotes import Quote, quote_of
from ledger.domain.fx.rates import current_rate, price_of, touch_rate
from ledger.domain.fx.terms import FxTerms, terms_of, touch_terms
from ledger.domain.postings import book_postings, effective_on
from ledger.domain.rounding import apportioned
from ledger.domain.state import Moment, State
from ledger.domain.transfers import move_balances

NOTHING_HELD: Final = (0, None, None)


class Effect(Struct, frozen=True):
    """What a trade changes: the position's cost, and the realised result. ``cost`` is the change, not the figure."""

    cost_minor: int
    realised_minor: int


def effect_of(quantity_minor: int, cost_minor: int, *, change_minor: int, paid_minor: int) -> Effect:
    """What changing a position by ``change_minor`` for ``paid_minor`` (below zero: received) does to it.

    ``cost_minor`` of the effect is always what was paid plus what was realised.
    """
    if quantity_minor * change_minor >= 0:
        return Effect(paid_minor, 0)
    held, changed = abs(quantity_minor), abs(change_minor)
    closing = min(held, changed)
    paid_for_closing, _ = apportioned(paid_minor, (closing, changed - closing))
    released, _ = apportioned(cost_minor, (closing, held - closing))
    realised_minor = -paid_for_closing - released
    return Effect(paid_minor + realised_minor, realised_minor)


class _Flows:
    """Signed amounts per account (debit positive), netted, in the order in which accounts were first named."""

    def __init__(self) -> None:
        self._amounts: dict[tuple[str, str], int] = {}

    def add(self, account_id: str, currency: str, amount_minor: int) -> None:
        key = (account_id, currency)
        self._amounts[key] = self._amounts.get(key, 0) + amount_minor

    def postings(self) -> tuple[Posting, ...]:
        return tuple(_posting(*key, amount) for key, amount in self._amounts.items() if amount)


def _posting(account_id: str, currency: str, amount_minor: int) -> Posting:
    side: Side = "debit" if amount_minor > 0 else "credit"
    return Posting(account_id=account_id, side=side, amount_minor=abs(amount_minor), currency=currency)


def trade_postings(identifier: str, state: State, *, payer: str, payee: str) -> tuple[Posting, ...]:
    """The postings of a payment at a quote: the payer's, the payee's, then the institution's own."""
    quote, terms, account = quote_of(state, identifier), terms_of(state), state.account(payer)
    assert quote is not None, f"{identifier} was not loaded"
    assert terms is not None
    # What leaves a customer's account is the institution's; what leaves one of its own accounts is gone.
    sign = 1 if account is None else -account.terms.normal_sign
    flows = _Flows()
    for currency, change_minor, paid_minor in _changes(quote, terms, sign):
        position = terms.position_in(currency)
        assert position is not None
        effect = effect_of(*_holding(position, state), change_minor=change_minor, paid_minor=paid_minor)
        flows.add(position.position_account_id, currency, -change_minor)
        flows.add(position.cost_account_id, terms.functional_currency, effect.cost_minor)
        flows.add(terms.realised_account_id, terms.functional_currency, -effect.realised_minor)
    return (
        _posting(payer, quote.sell_currency, sign * quote.sell_minor),
        _posting(payee, quote.buy_currency, -sign * quote.buy_minor),
        *flows.postings(),
    )


def _changes(quote: Quote, terms: FxTerms, sign: int) -> list[tuple[str, int, int]]:
    """Each foreign currency of a trade, with the change of its position and what the institution pays for it."""
    changes = (
        (quote.sell_currency, sign * quote.sell_minor, sign * quote.value_minor),
        (quote.buy_currency, -sign * quote.buy_minor, -sign * quote.value_minor),
    )
    return [change for change in changes if change[0] != terms.functional_currency]


def _holding(position: FxPositionSet, state: State) -> tuple[int, int]:
    """The quantity and the cost of a position, as its accounts have them."""
    return _posted(position.position_account_id, state), _posted(position.cost_account_id, state)


def _posted(account_id: str, state: State) -> int:
    account = state.account(account_id)
    assert account is not None, f"{account_id} was not loaded"
    return account.posted_minor


def decide_revalue(command: RevaluePositions, state: State, moment: Moment) -> PositionsRevalued | Refused:
    """Book what every position is worth beyond its cost, less what was booked so before."""
    terms = terms_of(state)
    if terms is None:
        return Refused(Rejection.FX_NOT_DEFINED, "foreign exchange is not defined")
    revalued: list[RevaluedPosition] = []
    flows = _Flows()
    for position in terms.positions:
        found = _revalued(position, terms, state, moment)
        if isinstance(found, Refused):
            return found
        booked_minor = _posted(position.valuation_account_id, state)
        if found.quantity_minor or found.cost_minor or booked_minor:
            revalued.append(found)
        change_minor = found.unrealised_minor - booked_minor
        flows.add(position.valuation_account_id, terms.functional_currency, change_minor)
        flows.add(terms.unrealised_account_id, terms.functional_currency, -change_minor)
    postings = flows.postings()
    if not postings:
        return Refused(Rejection.POSITIONS_UNCHANGED, "every position stands at its current rate already")
    posted = book_postings(postings, state=state)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    return PositionsRevalued(
        transfer_id=transfer_id(moment.position),
        functional_currency=terms.functional_currency,
        positions=tuple(revalued),
        postings=posted,
        effective_date=effective,
    )


def _revalued(position: FxPositionSet, terms: FxTerms, state: State, moment: Moment) -> RevaluedPosition | Refused:
    """A position at its current middle rate. One that holds nothing is worth nothing, and needs no rate."""
    quantity_minor, cost_minor = _holding(position, state)
    value_minor, base_currency, text = NOTHING_HELD
    if quantity_minor:
        home = terms.functional_currency
        rate = current_rate(state, position.currency, home, now=moment.now)
        if isinstance(rate, Refused):
            return rate
        scale, home_scale = state.scale_of(position.currency), state.scale_of(home)
        assert scale is not None
        assert home_scale is not None
        price = price_of(rate, sell=position.currency, sell_scale=scale, buy_scale=home_scale, spread=False)
        value_minor, base_currency, text = price.bought_for(quantity_minor), rate.base_currency, rate.rate
    return RevaluedPosition(
        currency=position.currency,
        quantity_minor=quantity_minor,
        base_currency=base_currency,
        rate=text,
        cost_minor=cost_minor,
        unrealised_minor=value_minor - cost_minor,
    )


def evolve_revalued(state: State, event: PositionsRevalued, position: int) -> None:
    """Move the valuations."""
    move_balances(state, event.postings)


def touch_revalue(command: RevaluePositions, touched: Touched) -> None:
    """The terms."""
    touch_terms(touched)


def follow_revalue(command: RevaluePositions, state: State, touched: Touched) -> None:
    """Every position's accounts and rate, and the account of unrealised results."""
    terms = terms_of(state)
    if terms is None:
        return
    touched.accounts.add(terms.unrealised_account_id)
    for position in terms.positions:
        _touch_position(position, touched)
        touch_rate(touched, position.currency, terms.functional_currency)


def follow_trade(identifier: str | None, state: State, touched: Touched) -> None:
    """What a payment at a quote books on; nothing for a payment without one."""
    quote, terms = None if identifier is None else quote_of(state, identifier), terms_of(state)
    if quote is None or terms is None:
        return
    touched.accounts.add(terms.realised_account_id)
    for currency in (quote.sell_currency, quote.buy_currency):
        position = terms.position_in(currency)
        if position is not None:
            _touch_position(position, touched)


def _touch_position(position: FxPositionSet, touched: Touched) -> None:
    touched.accounts.update((position.position_account_id, position.cost_account_id, position.valuation_account_id))
