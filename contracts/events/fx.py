"""Events about foreign exchange."""

from datetime import date, datetime
from typing import Final

from msgspec import Struct

from contracts.events.event import EventData, PostedPosting


class FxPositionSet(Struct, frozen=True, kw_only=True):
    """The accounts of a position, as the book keeps them."""

    currency: str
    position_account_id: str
    cost_account_id: str
    valuation_account_id: str


class FxDefined(EventData, frozen=True, kw_only=True):
    """The functional currency, the positions in the others, and the accounts of their results."""

    functional_currency: str
    realised_account_id: str
    unrealised_account_id: str
    positions: tuple[FxPositionSet, ...]


class RatePublished(EventData, frozen=True, kw_only=True):
    """One unit of the base currency costs ``rate`` of the counter currency until the next rate of the pair."""

    base_currency: str
    counter_currency: str
    rate: str
    spread_basis_points: int
    valid_seconds: int
    quote_seconds: int
    valid_until: datetime


class QuoteGiven(EventData, frozen=True, kw_only=True):
    """One payment of ``requested_by`` may sell the one amount and buy the other until ``expires_at``.

    ``value_minor``: what the trade is worth to the institution, in the functional currency.
    """

    quote_id: str
    sell_currency: str
    buy_currency: str
    sell_minor: int
    buy_minor: int
    base_currency: str
    rate: str
    spread_basis_points: int
    functional_currency: str
    value_minor: int
    requested_by: str
    expires_at: datetime


class RevaluedPosition(Struct, frozen=True, kw_only=True):
    """A position at a rate: ``cost_minor`` + ``unrealised_minor`` is what ``quantity_minor`` is worth, exactly.

    ``rate``: of the pair with ``base_currency`` as its base; both null where nothing is held, which needs no rate.
    """

    currency: str
    quantity_minor: int
    base_currency: str | None
    rate: str | None
    cost_minor: int
    unrealised_minor: int


class PositionsRevalued(EventData, frozen=True, kw_only=True):
    """The unrealised result of every position was booked at its current rate."""

    transfer_id: str
    functional_currency: str
    positions: tuple[RevaluedPosition, ...]
    postings: tuple[PostedPosting, ...]
    effective_date: date


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("fx_defined", 1): FxDefined,
    ("rate_published", 1): RatePublished,
    ("quote_given", 1): QuoteGiven,
    ("positions_revalued", 1): PositionsRevalued,
}
