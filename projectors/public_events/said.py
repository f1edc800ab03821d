"""What a translation gives, and the parts that several of them need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.commands import Leg
from contracts.events import EventData, PostedPosting
from contracts.public_events.data import PublicData, PublicLeg, PublicPosting


class Said(NamedTuple):
    """A public event before it is wrapped: the id of what it is about, and its data."""

    subject: str
    data: PublicData


# Several translations of one event: the same fact in two versions, while the older one is still published.
Translation = Callable[[Any], Said]
Translations = Mapping[type[EventData], Sequence[Translation]]
# Events that no other system hears of, each with the reason.
Unsaid = Mapping[type[EventData], str]


def public_postings(postings: Sequence[PostedPosting]) -> tuple[PublicPosting, ...]:
    """Copy what may be known of postings: not the balances they left."""
    return tuple(
        PublicPosting(
            account_id=posting.account_id,
            side=posting.side,
            amount_minor=posting.amount_minor,
            currency=posting.currency,
        )
        for posting in postings
    )


def public_legs(legs: Sequence[Leg]) -> tuple[PublicLeg, ...]:
    """Copy the legs of a hold."""
    return tuple(
        PublicLeg(
            debit_account_id=leg.debit_account_id,
            credit_account_id=leg.credit_account_id,
            amount_minor=leg.amount_minor,
            currency=leg.currency,
        )
        for leg in legs
    )
