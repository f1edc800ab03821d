"""Commands about fees: what a payment costs its payer."""

from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.commands.command import Command, LimitMinor
from contracts.ids import AccountId
from contracts.money import CurrencyCode
from contracts.payment_codes import RAIL_OF, RailName

TIERS_MAX = 32
BASIS_POINTS_MAX = 10_000  # a hundred per cent

FeePaymentType = Literal["book_transfer", "credit_transfer", "payout", "payment_request"]
Tiering = Literal["marginal", "whole"]
Rounding = Literal["half_even", "half_up", "up"]


class FeeTier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is charged from an amount on: a flat fee in minor units, a share in basis points, or both."""

    from_minor: LimitMinor
    flat_minor: LimitMinor = 0
    basis_points: Annotated[int, Meta(ge=0, le=BASIS_POINTS_MAX)] = 0


class DefineFees(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="define_fees"):
    """Set what payments of a kind cost in a currency, by one rail or (without ``rail``) by any that has no own fees.

    ``marginal``: every tier that the amount reaches charges its flat fee and its share of the part of the amount that
    lies in it. ``whole``: only the last tier reached charges, its share being of the whole amount. The sum is rounded
    once, then raised to the minimum or cut to the maximum. Without tiers such payments are free. A top-up has no fee:
    its payer has no account here.
    """

    payment_type: FeePaymentType
    rail: RailName | None = None
    currency: CurrencyCode
    fee_account_id: AccountId
    tiers: Annotated[tuple[FeeTier, ...], Meta(max_length=TIERS_MAX)]
    tiering: Tiering = "marginal"
    minimum_minor: LimitMinor | None = None
    maximum_minor: LimitMinor | None = None
    rounding: Rounding

    def __post_init__(self) -> None:
        """Refuse tiers that overlap or leave a gap, bounds that contradict, a rail of another kind of payment."""
        starts = [tier.from_minor for tier in self.tiers]
        if starts and starts[0] != 0:
            raise ValueError("the first tier begins from_minor 0")
        if any(later <= earlier for earlier, later in pairwise(starts)):
            raise ValueError("each tier begins above the one before it")
        bounds = (self.minimum_minor, self.maximum_minor)
        if not starts and bounds != (None, None):
            raise ValueError("without tiers there is no fee, so no minimum_minor and no maximum_minor")
        if (
            self.minimum_minor is not None
            and self.maximum_minor is not None
            and self.minimum_minor > self.maximum_minor
        ):
            raise ValueError("minimum_minor is above maximum_minor")
        if self.rail is not None and self.rail not in RAIL_OF[self.payment_type]:
            raise ValueError(f"a {self.payment_type} goes by {' or '.join(RAIL_OF[self.payment_type])}")
