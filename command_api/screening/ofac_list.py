"""The list of Specially Designated Nationals of the United States (OFAC): `SDN.XML`, or `SDN.CSV` with `ALT.CSV`.

The XML says more (alias quality, dates, countries) and is the one to prefer. The CSV files have no header row, write
`-0-` for "nothing", and may end with a Ctrl-Z; birth dates and nationality stand in the remarks.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from io import StringIO
from typing import Final
from xml.etree.ElementTree import Element

from command_api.screening.countries import country_codes
from command_api.screening.dates import birth_date_of, published_on
from command_api.screening.entries import EntryKind, ListedName, ListEntry, ListRefused, listed_names
from command_api.screening.xml_gate import read_records, text_of, texts_of

LIST: Final = "ofac_sdn"
ROOT: Final = "sdnList"
SDN_COLUMNS: Final = 12  # ent_num, SDN_Name, SDN_Type, Program, Title, Call_Sign, …, Remarks
ALT_COLUMNS: Final = 5  # ent_num, alt_num, alt_type, alt_name, alt_remarks

_NOTHING: Final = "-0-"
_END_OF_FILE: Final = "\x1a"
_HEADING: Final = "publshInformation"  # the publisher's own spelling
_KIND_OF: Final[dict[str, EntryKind]] = {"individual": "person", "vessel": "vessel", "aircraft": "aircraft"}
_BORN: Final = re.compile(r"\b(?:alt\. )?DOB ([^;]+)")
_NATIONAL: Final = re.compile(r"\b(?:alt\. )?(?:nationality|citizen) ([^;.]+)")


def read_ofac_list(file: str, content: bytes) -> tuple[date | None, Iterator[ListEntry]]:
    """Return the day `SDN.XML` was published, and its entries. Raises ListRefused, also while they are read."""
    records = read_records(file, content, (_HEADING, "sdnEntry"))
    next(records)
    heading = next(records, None)
    if heading is None or heading.tag != _HEADING:
        raise ListRefused(file, f"no {_HEADING} before the first entry")
    return published_on(text_of(heading, "Publish_Date")), (_entry_of(record) for record in records)


def read_ofac_csv(file: str, content: bytes, *, alternates: bytes | None) -> Iterator[ListEntry]:
    """Yield the entries of `SDN.CSV` with the names that `ALT.CSV` adds. Raises ListRefused."""
    also = _alternates(file, alternates) if alternates is not None else {}
    for row in _rows(file, content, columns=SDN_COLUMNS):
        entry_id, name, kind, programme, remarks = row[0], row[1], row[2], row[3], row[11]
        yield ListEntry(
            list=LIST,
            entry_id=entry_id,
            kind=_KIND_OF.get(kind.lower(), "entity"),
            names=listed_names(name, also.get(entry_id, [])),
            birth_dates=tuple(birth for text in _BORN.findall(remarks) if (birth := birth_date_of(text))),
            countries=country_codes(_NATIONAL.findall(remarks)),
            programme=programme,
        )


def _entry_of(record: Element) -> ListEntry:
    return ListEntry(
        list=LIST,
        entry_id=text_of(record, "uid"),
        kind=_KIND_OF.get(text_of(record, "sdnType").lower(), "entity"),
        names=listed_names(
            _name_of(record),
            [
                ListedName(_name_of(aka), "low" if text_of(aka, "category").lower() == "weak" else "good")
                for aka in record.iterfind("akaList/aka")
            ],
        ),
        birth_dates=tuple(
            birth
            for text in texts_of(record, "dateOfBirthList/dateOfBirthItem/dateOfBirth")
            if (birth := birth_date_of(text))
        ),
        countries=country_codes(
            [
                *texts_of(record, "nationalityList/nationality/country"),
                *texts_of(record, "citizenshipList/citizenship/country"),
                *texts_of(record, "addressList/address/country"),
            ]
        ),
        programme=", ".join(texts_of(record, "programList/program")),
    )


def _name_of(element: Element) -> str:
    return f"{text_of(element, 'firstName')} {text_of(element, 'lastName')}"


def _alternates(file: str, content: bytes) -> Mapping[str, list[ListedName]]:
    found: dict[str, list[ListedName]] = {}
    for row in _rows(file, content, columns=ALT_COLUMNS):
        found.setdefault(row[0], []).append(ListedName(row[3], "good"))
    return found


def _rows(file: str, content: bytes, *, columns: int) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ListRefused(file, f"not UTF-8 at byte {fault.start}") from None
    reader = csv.reader(StringIO(text.rstrip(_END_OF_FILE + "\r\n "), newline=""), strict=True)
    try:
        for row in reader:
            cells = ["" if cell.strip() == _NOTHING else cell.strip() for cell in row]
            if len(cells) != columns or not cells[0].isdecimal():
                raise ListRefused(file, f"row {reader.line_num}: {columns} columns that begin with a number expected")
            yield cells
    except csv.Error as fault:
        raise ListRefused(file, f"row {reader.line_num}: {fault}") from None
