"""The European Union's consolidated financial sanctions list (`xmlFullSanctionsList_1_1`, root `export`).

Everything stands in attributes of `sanctionEntity` and its children. The first strong `nameAlias` is taken as the
primary name; `strong="false"` marks a weak alias.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from xml.etree.ElementTree import Element

from command_api.screening.countries import country_codes
from command_api.screening.dates import birth_date_of, published_on
from command_api.screening.entries import BirthDate, EntryKind, ListedName, ListEntry, born_between, listed_names
from command_api.screening.xml_gate import local_name, read_records

LIST: Final = "eu_fsf"
ROOT: Final = "export"

_NAME_PARTS: Final = ("firstName", "middleName", "lastName")


def read_eu_list(file: str, content: bytes) -> tuple[date | None, Iterator[ListEntry]]:
    """Return the day the list was generated, and its entries. Raises ListRefused, also while they are read."""
    records = read_records(file, content, ("sanctionEntity",))
    root = next(records)
    return published_on(root.get("generationDate", "")), (_entry_of(record) for record in records)


def _entry_of(record: Element) -> ListEntry:
    aliases = [alias for child in _children(record, "nameAlias") if (alias := _name_of(child)).text]
    strong = next((alias for alias in aliases if alias.quality == "good"), aliases[0] if aliases else None)
    return ListEntry(
        list=LIST,
        entry_id=record.get("euReferenceNumber", "") or record.get("logicalId", ""),
        kind=_kind_of(record),
        names=listed_names(strong.text if strong else "", aliases),
        birth_dates=tuple(birth for child in _children(record, "birthdate") if (birth := _birth_date_of(child))),
        countries=country_codes(
            child.get("countryIso2Code", "") for name in ("citizenship", "address") for child in _children(record, name)
        ),
        programme=next((child.get("programme", "") for child in _children(record, "regulation")), ""),
    )


def _children(record: Element, name: str) -> list[Element]:
    return [child for child in record if local_name(child.tag) == name]


def _kind_of(record: Element) -> EntryKind:
    types = _children(record, "subjectType")
    codes = {types[0].get("code", ""), types[0].get("classificationCode", "")} if types else set()
    return "person" if codes & {"person", "P"} else "entity"


def _name_of(alias: Element) -> ListedName:
    parts = " ".join(part for name in _NAME_PARTS if (part := alias.get(name)))
    return ListedName(alias.get("wholeName") or parts, "low" if alias.get("strong") == "false" else "good")


def _birth_date_of(child: Element) -> BirthDate | None:
    circa = child.get("circa") == "true"
    first, last = child.get("yearRangeFrom", ""), child.get("yearRangeTo", "")
    if first.isdecimal() and last.isdecimal() and len(first) == len(last) == 4:
        return born_between(int(first), int(last), circa=circa)
    written = child.get("birthdate") or child.get("year") or ""
    return birth_date_of(f"circa {written}" if circa else written)
