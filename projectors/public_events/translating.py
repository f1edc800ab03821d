"""One internal event -> its public events, by the tables of all contexts.

What is in no table is not said: a new internal event stays inside until somebody decides otherwise. A test asks for
that decision, as a translation or as a line in UNSAID, for every type of event that the book may contain.
"""

from __future__ import annotations

from collections import ChainMap
from types import ModuleType
from typing import Final

from contracts.public_events.cloud_event import CloudEvent, Occurrence, cloud_event_of
from projectors.events import Event
from projectors.public_events import (
    accounts,
    customers,
    holds,
    limits,
    orders,
    payments,
    prices,
    reconciling,
    settlements,
    transfers,
    webhooks,
)
from projectors.public_events.said import Translations, Unsaid
from runtime.trace import parse_traceparent

CONTEXTS: Final[tuple[ModuleType, ...]] = (
    accounts,
    transfers,
    holds,
    payments,
    limits,
    settlements,
    webhooks,
    customers,
    prices,
    reconciling,
    orders,
)
SAID: Final[Translations] = ChainMap(*(context.SAID for context in CONTEXTS))
UNSAID: Final[Unsaid] = ChainMap(*(context.UNSAID for context in CONTEXTS))


def public_events_of(event: Event) -> list[CloudEvent]:
    """Return what other systems are told of one event, in the order of its translations; mostly one, often none."""
    translations = SAID.get(type(event.data), ())
    trace = event.envelope.trace
    occurrence = Occurrence(
        ledger=event.envelope.ledger,
        position=event.position,
        recorded_at=event.envelope.recorded_at,
        tenant=event.envelope.principal.tenant,
        trace=trace if trace and parse_traceparent(trace) else None,
    )
    said = [translate(event.data) for translate in translations]
    return [
        cloud_event_of(data, subject=subject, number=number, occurrence=occurrence)
        for number, (subject, data) in enumerate(said)
    ]
