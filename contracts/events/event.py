"""What every event is made of: the root, and the figures that events leave for readers."""

from msgspec import Struct

from contracts.commands import Side


class EventData(Struct, frozen=True, kw_only=True, gc=False):
    """Root of all event bodies. Frozen trees hold no cycles, so the collector is spared looking for them."""


class PostedPosting(Struct, frozen=True, gc=False):
    """A posting with the balance it left on its account (normal side, after the whole transfer up to this posting)."""

    account_id: str
    side: Side
    amount_minor: int
    currency: str
    posted_minor: int
    held_minor: int


class AccountBalance(Struct, frozen=True, gc=False, kw_only=True):
    """The balance an event left on an account, in its normal side."""

    account_id: str
    currency: str
    posted_minor: int
    held_minor: int
