"""Commands about foreign exchange: rates, quotes, and the institution's own positions."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.commands.command import Command
from contracts.ids import AccountId
from contracts.money import AmountMinor, CurrencyCode

RATE_DECIMALS = 10
SPREAD_BASIS_POINTS_MAX = 5_000
RATE_VALID_S_MAX = 7 * 86_400
QUOTE_VALID_S_MAX = 3_600
POSITIONS_MAX = 64

RateText = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,10})?\Z",
        description="How much of the counter currency one unit of the base currency costs, as decimal text.",
        examples=["1.0843"],
    ),
]


class FxPosition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The accounts of the institution's position in one foreign currency.

    ``position``: what it is long of, in that currency (credit-normal). ``cost`` and ``valuation``: what the position
    cost, and what it is worth beyond that, in the functional currency (debit-normal).
    """

    currency: CurrencyCode
    position_account_id: AccountId
    cost_account_id: AccountId
    valuation_account_id: AccountId


class DefineFx(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="define_fx"):
    """Name the functional currency, the positions in all others, and where realised and unrealised results go.

    Given anew, it may add positions and exchange the two result accounts; the rest is for good.
    """

    functional_currency: CurrencyCode
    realised_account_id: AccountId
    unrealised_account_id: AccountId
    positions: Annotated[tuple[FxPosition, ...], Meta(min_length=1, max_length=POSITIONS_MAX)]

    def __post_init__(self) -> None:
        """Refuse a position in the functional currency, and anything named twice."""
        currencies = [self.functional_currency, *(position.currency for position in self.positions)]
        if len(set(currencies)) < len(currencies):
            raise ValueError("each currency is named once, and the functional one has no position")
        accounts = [self.realised_account_id, self.unrealised_account_id]
        for position in self.positions:
            accounts += (position.position_account_id, position.cost_account_id, position.valuation_account_id)
        if len(set(accounts)) < len(accounts):
            raise ValueError("each account is named once")


class PublishRate(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="publish_rate"):
    """Say what one unit of the base currency costs in the counter currency; the newest rate of a pair counts.

    A customer sells the base currency at the rate less the spread and buys it at the rate plus the spread. Quotes are
    given on the rate for ``valid_seconds``, and each holds for ``quote_seconds``.
    """

    base_currency: CurrencyCode
    counter_currency: CurrencyCode
    rate: RateText
    spread_basis_points: Annotated[int, Meta(ge=0, le=SPREAD_BASIS_POINTS_MAX)]
    valid_seconds: Annotated[int, Meta(ge=1, le=RATE_VALID_S_MAX)]
    quote_seconds: Annotated[int, Meta(ge=1, le=QUOTE_VALID_S_MAX)] = 30

    def __post_init__(self) -> None:
        """Refuse a rate of a currency against itself, and a rate of zero."""
        if self.base_currency == self.counter_currency:
            raise ValueError("a rate is between two currencies")
        if not self.rate.strip("0."):
            raise ValueError("a rate is above zero")


class RequestQuote(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="request_quote"):
    """Ask for a price at which one payment may sell an amount of one currency and buy the other, or the reverse."""

    sell_currency: CurrencyCode
    buy_currency: CurrencyCode
    sell_minor: AmountMinor | None = None
    buy_minor: AmountMinor | None = None

    def __post_init__(self) -> None:
        """Refuse a quote for no amount or two, and of a currency for itself."""
        if (self.sell_minor is None) == (self.buy_minor is None):
            raise ValueError("a quote is for either sell_minor or buy_minor")
        if self.sell_currency == self.buy_currency:
            raise ValueError("a quote is between two currencies")


class RevaluePositions(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="revalue_positions"):
    """Book every position at its current rate: the difference to its cost becomes the unrealised result."""
