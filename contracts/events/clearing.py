"""Events about clearing accounts."""

from datetime import date
from typing import Final, Literal

from contracts.events.event import EventData, PostedPosting


class ClearingSettled(EventData, frozen=True, kw_only=True):
    """A rail settled with us: its clearing account went towards zero, against the nostro account and the fee."""

    rail: Literal["sct_inst", "card_psp", "file"]
    currency: str
    reference: str
    settled_on: date
    amount_minor: int
    fee_minor: int
    nostro_account_id: str
    fee_account_id: str | None
    clearing_account_id: str
    transfer_id: str
    postings: tuple[PostedPosting, ...]
    effective_date: date


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {("clearing_settled", 1): ClearingSettled}
