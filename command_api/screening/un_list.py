"""The United Nations Security Council Consolidated List (`consolidated.xml`, root `CONSOLIDATED_LIST`).

Persons are `INDIVIDUALS/INDIVIDUAL`, everything else `ENTITIES/ENTITY`. A name is in four parts; an alias carries its
quality (`Good`, `Low`, or `a.k.a.` and `f.k.a.` for entities); the name in its own script stands by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from xml.etree.ElementTree import Element

from command_api.screening.countries import country_codes
from command_api.screening.dates import birth_date_of, published_on
from command_api.screening.entries import (
    BirthDate,
    ListedName,
    ListEntry,
    NameQuality,
    born_between,
    listed_names,
)
from command_api.screening.xml_gate import read_records, text_of, texts_of

LIST: Final = "un_sc"
ROOT: Final = "CONSOLIDATED_LIST"

_RECORDS: Final = ("INDIVIDUAL", "ENTITY")
_NAME_PARTS: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def read_un_list(file: str, content: bytes) -> tuple[date | None, Iterator[ListEntry]]:
    """Return the day the list was generated, and its entries. Raises ListRefused, also while they are read."""
    records = read_records(file, content, _RECORDS)
    root = next(records)
    return published_on(root.get("dateGenerated", "")), (_entry_of(record) for record in records)


def _entry_of(record: Element) -> ListEntry:
    is_person = record.tag == "INDIVIDUAL"
    own_script = [ListedName(text, "good") for text in texts_of(record, "NAME_ORIGINAL_SCRIPT")]
    return ListEntry(
        list=LIST,
        entry_id=text_of(record, "REFERENCE_NUMBER") or text_of(record, "DATAID"),
        kind="person" if is_person else "entity",
        names=listed_names(
            " ".join(part for name in _NAME_PARTS if (part := text_of(record, name))),
            [*_aliases_of(record), *own_script],
        ),
        birth_dates=tuple(
            birth for item in record.iterfind("INDIVIDUAL_DATE_OF_BIRTH") if (birth := _birth_date_of(item))
        ),
        countries=country_codes(
            [
                *texts_of(record, "NATIONALITY/VALUE"),
                *texts_of(record, "INDIVIDUAL_ADDRESS/COUNTRY"),
                *texts_of(record, "ENTITY_ADDRESS/COUNTRY"),
            ]
        ),
        programme=text_of(record, "UN_LIST_TYPE"),
    )


def _aliases_of(record: Element) -> list[ListedName]:
    found = [*record.iterfind("INDIVIDUAL_ALIAS"), *record.iterfind("ENTITY_ALIAS")]
    return [ListedName(text_of(alias, "ALIAS_NAME"), _quality_of(text_of(alias, "QUALITY"))) for alias in found]


def _quality_of(text: str) -> NameQuality:
    return "low" if text.lower() == "low" else "good"


def _birth_date_of(item: Element) -> BirthDate | None:
    """A day or a year, or two years; `TYPE_OF_DATE` says whether it is approximate."""
    circa = "approx" in text_of(item, "TYPE_OF_DATE").lower()
    first, last = text_of(item, "FROM_YEAR"), text_of(item, "TO_YEAR")
    if first.isdecimal() and last.isdecimal() and len(first) == len(last) == 4:
        return born_between(int(first), int(last), circa=circa)
    written = text_of(item, "DATE")[:10] or text_of(item, "YEAR")
    return birth_date_of(f"circa {written}" if circa else written)
