"""Events about fees."""

from typing import Final

from msgspec import Struct

from contracts.commands.fees import FeePaymentType, Rounding, Tiering
from contracts.events.event import EventData
from contracts.payment_codes import RailName


class FeeTierSet(Struct, frozen=True, kw_only=True):
    """One tier of a schedule, as the book keeps it."""

    from_minor: int
    flat_minor: int
    basis_points: int


class FeesDefined(EventData, frozen=True, kw_only=True):
    """What payments of a kind cost from now on, by a rail or (null) by any that has no fees of its own."""

    payment_type: FeePaymentType
    rail: RailName | None
    currency: str
    fee_account_id: str
    tiers: tuple[FeeTierSet, ...]
    tiering: Tiering
    minimum_minor: int | None
    maximum_minor: int | None
    rounding: Rounding


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {("fees_defined", 1): FeesDefined}
