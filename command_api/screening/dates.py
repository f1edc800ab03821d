"""Birth dates as lists write them: a day, a month, a year, a span of years, or "circa" any of these."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from command_api.screening.entries import BirthDate, born_between, born_on

_YEAR: Final = re.compile(r"\b(1[89]\d\d|20\d\d)\b")
_DAY_FORMATS: Final = ("%Y-%m-%d", "%d %b %Y", "%d %B %Y", "%d/%m/%Y", "%m/%d/%Y")
_CIRCA: Final = re.compile(r"\b(?:circa|approximately|about|ca\.?)\b", re.IGNORECASE)
_SPAN: Final = re.compile(r"\bto\b|\bbetween\b|\d{4}\s*[-/]\s*\d{4}", re.IGNORECASE)


def birth_date_of(text: str) -> BirthDate | None:
    """Read a birth date; None when the text names no year between 1800 and 2099.

    ``1970-05-20``, ``20 May 1970``, ``May 1970``, ``1970``, ``1968 to 1972``, ``1968/1972``, ``circa 1970``.
    """
    plain = " ".join(text.split())
    day = day_of(plain)
    if day is not None:
        return born_on(day)
    years = [int(year) for year in _YEAR.findall(plain)]
    if not years:
        return None
    is_span = len(years) > 1 and _SPAN.search(plain) is not None
    return born_between(years[0], years[1] if is_span else years[0], circa=_CIRCA.search(plain) is not None)


def day_of(text: str) -> date | None:
    """Read a full date in one of the forms that lists use; None when it is none of them."""
    for form in _DAY_FORMATS:
        try:
            return datetime.strptime(text.strip()[:20], form).date()
        except ValueError:
            continue
    return None


def published_on(text: str) -> date | None:
    """Read the day of an ISO timestamp or of a date in US order, as publishers put them on their files."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        pass
    try:
        return datetime.strptime(text.strip(), "%m/%d/%Y").date()
    except ValueError:
        return None
