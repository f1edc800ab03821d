"""Events that book journal entries, and the closing of a period."""

from datetime import date
from typing import Final

from contracts.events.event import EventData, PostedPosting


class TransferPosted(EventData, frozen=True, kw_only=True):
    """A transfer was booked."""

    transfer_id: str
    postings: tuple[PostedPosting, ...]
    effective_date: date
    reference: str | None
    metadata: dict[str, str] | None


class TransferReversed(EventData, frozen=True, kw_only=True):
    """All or a part of the transfer ``transfer_id`` was undone by the new transfer ``reversal_id``."""

    reversal_id: str
    transfer_id: str
    postings: tuple[PostedPosting, ...]
    effective_date: date
    reference: str | None
    reason: str | None
    metadata: dict[str, str] | None


class PeriodClosed(EventData, frozen=True, kw_only=True):
    """No entry may take effect on or before ``through`` any more."""

    through: date


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("transfer_posted", 1): TransferPosted,
    ("transfer_reversed", 1): TransferReversed,
    ("period_closed", 1): PeriodClosed,
}
