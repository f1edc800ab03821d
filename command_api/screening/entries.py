"""An entry of a sanctions or PEP list, in one shape whatever format it was published in."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from contracts.screening import ListName, ListVersion

CIRCA_YEARS: Final = 1  # how far "about 1970" reaches to both sides
NAME_CHARS_MAX: Final = 500  # of one listed name
ENTRY_ID_CHARS_MAX: Final = 100

EntryKind = Literal["person", "entity", "vessel", "aircraft"]
NameQuality = Literal["primary", "good", "low"]


class ListRefused(ValueError):
    """A file that is not loaded, with its name and the reason; what was loaded before stays."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason


class BirthDate(Struct, frozen=True):
    """What a list knows of a birth date: a day, or the first and last year it may lie in."""

    year_first: Annotated[int, Meta(ge=1, le=9999)]
    year_last: Annotated[int, Meta(ge=1, le=9999)]
    day: date | None = None


class ListedName(Struct, frozen=True):
    """One name of an entry, as the list writes it. ``low``: the list itself calls the alias weak."""

    text: str
    quality: NameQuality


class ListEntry(Struct, frozen=True, kw_only=True):
    """A person, organisation, ship or aircraft on a list. ``countries`` are ISO 3166 alpha-2 codes."""

    list: ListName
    entry_id: str
    kind: EntryKind
    names: tuple[ListedName, ...]
    birth_dates: tuple[BirthDate, ...] = ()
    countries: frozenset[str] = frozenset()
    programme: str = ""


class ListFile(Struct, frozen=True, kw_only=True):
    """Everything that one list says. ``nameless_count`` entries had no name and therefore nothing to compare."""

    version: ListVersion
    entries: tuple[ListEntry, ...]
    nameless_count: int = 0


def born_on(day: date) -> BirthDate:
    """Return the birth date of someone whose day of birth is known."""
    return BirthDate(day.year, day.year, day)


def born_between(first: int, last: int, *, circa: bool = False) -> BirthDate:
    """Return a birth date known by years only, one year wider to both sides when the list says "circa"."""
    margin = CIRCA_YEARS if circa else 0
    return BirthDate(min(first, last) - margin, max(first, last) + margin)


def listed_names(primary: str, aliases: list[ListedName]) -> tuple[ListedName, ...]:
    """Put the names of an entry in order, each once, blanks left out; empty when the entry has none."""
    wanted = [ListedName(primary, "primary"), *aliases]
    kept: dict[str, ListedName] = {}
    for name in wanted:
        text = " ".join(name.text.split())
        if text and (text not in kept or kept[text].quality == "low"):
            kept[text] = ListedName(text, name.quality)
    return tuple(kept.values())
