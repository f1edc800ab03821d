"""What the query API says of the things on the desk. Kinds whose fields are spelled out here are described by them.

Every field may be null: a thing shows what its events said, and older events said less.
"""

from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from contracts.events import LimitSet
from contracts.views import AsOf

D = TypeVar("D")


class WebhookEndpointData(Struct, frozen=True, kw_only=True):
    """Where public events are POSTed to. ``cause``, ``reason``: of the last time it was disabled."""

    endpoint_id: str | None = None
    url: str | None = None
    kinds: tuple[str, ...] = ()
    description: str | None = None
    previous_valid_until: datetime | None = None
    cause: str | None = None
    reason: str | None = None


class LimitsData(Struct, frozen=True, kw_only=True):
    """All limits of a subject: an account, a customer or a payee."""

    subject: str | None = None
    limits: tuple[LimitSet, ...] = ()


class RailData(Struct, frozen=True, kw_only=True):
    """The accounts of a rail in one currency."""

    rail: str | None = None
    currency: str | None = None
    clearing_account_id: str | None = None
    suspense_account_id: str | None = None


class AuthenticationData(Struct, frozen=True, kw_only=True):
    """When payments in a currency need strong authentication."""

    currency: str | None = None
    amount_from_minor: int | None = None
    new_payee: bool | None = None
    minutes: int | None = None


# Everything else is described as an object with the fields of its events.
DATA_OF: Final[dict[str, Any]] = {
    "webhook-endpoints": WebhookEndpointData,
    "limits": LimitsData,
    "rails": RailData,
    "authentication": AuthenticationData,
}


class ThingLine(Struct, Generic[D], frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: datetime
    data: D


class ThingStep(Struct, frozen=True, kw_only=True):
    """One event in the life of a thing: who caused it, and what it said of reasons and decisions."""

    position: int
    type: str
    recorded_at: datetime
    actor: str
    said: dict[str, Any]


class ThingView(ThingLine[D], Generic[D], frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingPage(Struct, Generic[D], frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLine[D], ...]
    next_cursor: str | None
    as_of: AsOf
