"""Events about holds."""

from datetime import date, datetime
from typing import Final, Literal

from contracts.commands import Leg
from contracts.events.event import AccountBalance, EventData, PostedPosting

HoldStatus = Literal["open", "captured", "released", "expired"]


class HoldPlaced(EventData, frozen=True, kw_only=True):
    """Money was reserved."""

    hold_id: str
    legs: tuple[Leg, ...]
    expires_at: datetime
    reference: str | None
    metadata: dict[str, str] | None
    balances: tuple[AccountBalance, ...]


class HoldExtended(EventData, frozen=True, kw_only=True):
    """A hold's deadline moved."""

    hold_id: str
    expires_at: datetime


class HoldCaptured(EventData, frozen=True, kw_only=True):
    """Held money was booked. ``remaining_minor`` has one figure per leg; ``status`` is the hold's after this."""

    hold_id: str
    transfer_id: str
    amounts_minor: tuple[int, ...]
    final: bool
    effective_date: date
    reference: str | None
    postings: tuple[PostedPosting, ...]
    balances: tuple[AccountBalance, ...]
    remaining_minor: tuple[int, ...]
    status: HoldStatus


class HoldReleased(EventData, frozen=True, kw_only=True):
    """What was left of a hold was given back on request."""

    hold_id: str
    reason: str | None
    balances: tuple[AccountBalance, ...]


class HoldExpired(EventData, frozen=True, kw_only=True):
    """What was left of a hold was given back because its deadline passed."""

    hold_id: str
    balances: tuple[AccountBalance, ...]


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("hold_placed", 1): HoldPlaced,
    ("hold_extended", 1): HoldExtended,
    ("hold_captured", 1): HoldCaptured,
    ("hold_released", 1): HoldReleased,
    ("hold_expired", 1): HoldExpired,
}
