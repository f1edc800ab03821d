"""Public events about transfers."""

from datetime import date

from contracts.public_events.data import PublicData, PublicPosting


class PublicTransferPosted(PublicData, frozen=True, kw_only=True):
    """A transfer was booked."""

    transfer_id: str
    postings: tuple[PublicPosting, ...]
    effective_date: date


class PublicTransferReversed(PublicData, frozen=True, kw_only=True):
    """All or a part of the transfer ``transfer_id`` was undone by the new transfer ``reversal_id``."""

    reversal_id: str
    transfer_id: str
    postings: tuple[PublicPosting, ...]
    effective_date: date
