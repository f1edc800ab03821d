"""Cut-offs: at which instants a merchant's takings are closed. Pure functions of a schedule and an instant.

A cut-off is a time of day in a zone, so in summer it is another instant than in winter. Where the clock is put forward
over it, it is the instant at which a clock that was not would show it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from contracts.calendars import DAYS_CLOSED_MAX, Calendar, adjusted, is_business_day

DAYS_AHEAD_MAX: Final = 2 * DAYS_CLOSED_MAX  # a week's cut-off may be put off to the next business day

TimeText = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="A time of day.", examples=["17:00"])
]
ZoneText = Annotated[
    str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}\Z", description="A zone of the IANA database.", examples=["UTC"])
]


class CutOffSchedule(Struct, frozen=True, kw_only=True):
    """Every business day, or one ``weekday`` a week (0 is Monday; the next business day where that is none)."""

    every: Literal["day", "week"] = "day"
    weekday: Annotated[int, Meta(ge=0, le=6)] = 0
    cut_off: TimeText
    zone: ZoneText = "UTC"
    calendar: Calendar = "TARGET"


class UnknownZone(ValueError):
    """The IANA database has no such zone."""


class NoCutOff(ValueError):
    """A calendar without a business day for two months: a mistake, never a fact."""


def next_cut_off(schedule: CutOffSchedule, after: datetime) -> datetime:
    """The first cut-off that is later than ``after``, in UTC. Raises UnknownZone, NoCutOff."""
    zone = _zone(schedule.zone)
    today = after.astimezone(zone).date()
    hour, minute = schedule.cut_off.split(":")
    at = time(int(hour), int(minute))
    for days in range(-DAYS_CLOSED_MAX, DAYS_AHEAD_MAX):
        day = today + timedelta(days=days)
        if schedule.every == "week":
            if day.weekday() != schedule.weekday:
                continue
            day = adjusted(schedule.calendar, day, "following")
        elif not is_business_day(schedule.calendar, day):
            continue
        instant = datetime.combine(day, at, zone).astimezone(UTC)
        if instant > after:
            return instant
    raise NoCutOff(f"{schedule.calendar} has no business day within {DAYS_AHEAD_MAX} days of {today}")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # OSError: a name that is a folder of the database
        raise UnknownZone(f"{name} is not a zone of the IANA database") from error
