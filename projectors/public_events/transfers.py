"""Transfers, as other systems hear of them: who moved how much, without references, metadata and balances."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.public_events import transfers as public
from projectors.public_events.said import Said, Translations, Unsaid, public_postings


def posted(event: e.TransferPosted) -> Said:
    """Say that a transfer was booked."""
    data = public.PublicTransferPosted(
        transfer_id=event.transfer_id,
        postings=public_postings(event.postings),
        effective_date=event.effective_date,
    )
    return Said(event.transfer_id, data)


def reversed_(event: e.TransferReversed) -> Said:
    """Say that a transfer was undone, not why."""
    data = public.PublicTransferReversed(
        reversal_id=event.reversal_id,
        transfer_id=event.transfer_id,
        postings=public_postings(event.postings),
        effective_date=event.effective_date,
    )
    return Said(event.transfer_id, data)


SAID: Final[Translations] = {e.TransferPosted: (posted,), e.TransferReversed: (reversed_,)}
UNSAID: Final[Unsaid] = {}
