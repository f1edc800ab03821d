"""A list in Bursar's own CSV, for politically exposed persons and for names of one's own.

The list is called what the file is called: `pep.csv` is the list `pep`. UTF-8 with a header row; a cell with several
values separates them by semicolons. The first line may say `# published_on: 2026-01-31`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from io import StringIO
from typing import Final, get_args

from command_api.screening.countries import country_code, country_codes
from command_api.screening.dates import birth_date_of
from command_api.screening.entries import (
    BirthDate,
    EntryKind,
    ListedName,
    ListEntry,
    ListRefused,
    listed_names,
)

REQUIRED: Final = ("entry_id", "kind", "name")
OPTIONAL: Final = ("aliases", "weak_aliases", "birth_dates", "countries", "programme")
KINDS: Final[tuple[EntryKind, ...]] = get_args(EntryKind)

_PUBLISHED: Final = re.compile(r"# published_on: (\d{4}-\d\d-\d\d)\s*\Z")


def read_own_list(file: str, content: bytes, *, name: str) -> tuple[date | None, Iterator[ListEntry]]:
    """Return the day the file says it was published, and its entries. Raises ListRefused with row and column."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ListRefused(file, f"not UTF-8 at byte {fault.start}") from None
    first, _, rest = text.partition("\n")
    if first.startswith("#"):
        found = _PUBLISHED.match(first)
        if found is None:
            raise ListRefused(file, "the first line must be `# published_on: YYYY-MM-DD` or the header row")
        return _day(file, found[1]), _entries(file, rest, name=name, line_first=2)
    return None, _entries(file, text, name=name, line_first=1)


def _day(file: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ListRefused(file, f"published_on: {text} is no date") from None


def _entries(file: str, text: str, *, name: str, line_first: int) -> Iterator[ListEntry]:
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    columns = reader.fieldnames or ()
    missing, unknown = set(REQUIRED) - set(columns), set(columns) - {*REQUIRED, *OPTIONAL}
    if missing or unknown or len(set(columns)) != len(columns):
        wanted = ", ".join([*REQUIRED, *(f"[{column}]" for column in OPTIONAL)])
        raise ListRefused(file, f"the header row must name each column once: {wanted}")
    try:
        for row in reader:
            where = f"line {line_first + reader.line_num - 1}"
            if None in row or None in row.values():
                raise ListRefused(file, f"{where}: {len(columns)} columns expected")
            yield _entry_of(file, row, name=name, where=where)
    except csv.Error as fault:
        raise ListRefused(file, f"line {line_first + reader.line_num - 1}: {fault}") from None


def _entry_of(file: str, row: dict[str, str], *, name: str, where: str) -> ListEntry:
    kind = row["kind"].strip()
    countries = _cells(row, "countries")
    strange = [text for text in countries if country_code(text) is None]
    if kind not in KINDS:
        raise ListRefused(file, f"{where}: kind must be one of {', '.join(KINDS)}")
    if not row["name"].strip():
        raise ListRefused(file, f"{where}: name is empty")
    if strange:
        raise ListRefused(file, f"{where}: countries: {strange[0]!r} is no country of ISO 3166")
    return ListEntry(
        list=name,
        entry_id=row["entry_id"].strip(),
        kind=kind,
        names=listed_names(
            row["name"],
            [
                *(ListedName(text, "good") for text in _cells(row, "aliases")),
                *(ListedName(text, "low") for text in _cells(row, "weak_aliases")),
            ],
        ),
        birth_dates=tuple(_birth_date(file, text, where=where) for text in _cells(row, "birth_dates")),
        countries=country_codes(countries),
        programme=row.get("programme", "").strip(),
    )


def _cells(row: dict[str, str], column: str) -> list[str]:
    return [text for part in row.get(column, "").split(";") if (text := part.strip())]


def _birth_date(file: str, text: str, *, where: str) -> BirthDate:
    found = birth_date_of(text)
    if found is None:
        raise ListRefused(file, f"{where}: birth_dates: {text!r} is no date, year or span of years")
    return found
