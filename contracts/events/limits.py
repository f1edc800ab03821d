"""Events about limits."""

from typing import Final, Literal

from msgspec import Struct

from contracts.events.event import EventData


class LimitSet(Struct, frozen=True, kw_only=True):
    """One limit of a subject, as the book keeps it."""

    currency: str
    window_hours: int
    amount_max_minor: int | None
    count_max: int | None
    basis: Literal["gross", "net"]


class LimitsDefined(EventData, frozen=True, kw_only=True):
    """All limits of a subject from now on."""

    subject: str
    limits: tuple[LimitSet, ...]


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {("limits_defined", 1): LimitsDefined}
