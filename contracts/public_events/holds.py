"""Public events about holds."""

from datetime import date

from contracts.events import HoldStatus
from contracts.public_events.data import PublicData, PublicInstant, PublicLeg, PublicPosting


class PublicHoldPlaced(PublicData, frozen=True, kw_only=True):
    """Money was reserved until a deadline."""

    hold_id: str
    legs: tuple[PublicLeg, ...]
    expires_at: PublicInstant


class PublicHoldExtended(PublicData, frozen=True, kw_only=True):
    """A hold's deadline moved."""

    hold_id: str
    expires_at: PublicInstant


class PublicHoldCaptured(PublicData, frozen=True, kw_only=True):
    """Held money was booked. ``remaining_minor`` has one figure per leg; ``status`` is the hold's after this."""

    hold_id: str
    transfer_id: str
    postings: tuple[PublicPosting, ...]
    effective_date: date
    remaining_minor: tuple[int, ...]
    status: HoldStatus


class PublicHoldReleased(PublicData, frozen=True, kw_only=True):
    """What was left of a hold was given back on request."""

    hold_id: str


class PublicHoldExpired(PublicData, frozen=True, kw_only=True):
    """What was left of a hold was given back because its deadline passed."""

    hold_id: str
