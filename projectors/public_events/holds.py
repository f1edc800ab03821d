"""Holds, as other systems hear of them."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.public_events import holds as public
from projectors.public_events.said import Said, Translations, Unsaid, public_legs, public_postings


def placed(event: e.HoldPlaced) -> Said:
    """Say that money was reserved."""
    data = public.PublicHoldPlaced(hold_id=event.hold_id, legs=public_legs(event.legs), expires_at=event.expires_at)
    return Said(event.hold_id, data)


def extended(event: e.HoldExtended) -> Said:
    """Say that a deadline moved."""
    return Said(event.hold_id, public.PublicHoldExtended(hold_id=event.hold_id, expires_at=event.expires_at))


def captured(event: e.HoldCaptured) -> Said:
    """Say that held money was booked."""
    data = public.PublicHoldCaptured(
        hold_id=event.hold_id,
        transfer_id=event.transfer_id,
        postings=public_postings(event.postings),
        effective_date=event.effective_date,
        remaining_minor=event.remaining_minor,
        status=event.status,
    )
    return Said(event.hold_id, data)


def released(event: e.HoldReleased) -> Said:
    """Say that the rest was given back, not why."""
    return Said(event.hold_id, public.PublicHoldReleased(hold_id=event.hold_id))


def expired(event: e.HoldExpired) -> Said:
    """Say that a deadline passed."""
    return Said(event.hold_id, public.PublicHoldExpired(hold_id=event.hold_id))


SAID: Final[Translations] = {
    e.HoldPlaced: (placed,),
    e.HoldExtended: (extended,),
    e.HoldCaptured: (captured,),
    e.HoldReleased: (released,),
    e.HoldExpired: (expired,),
}
UNSAID: Final[Unsaid] = {}
