"""Reading XML that strangers wrote: what could harm is refused before or while it is parsed, nothing is resolved.

A DOCTYPE is refused in the bytes, before any parser sees them, so no entity can be declared and none expanded. That
holds only for text whose bytes are its letters, so any encoding but UTF-8 is refused first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from io import BytesIO
from typing import Final
from xml.etree.ElementTree import Element, ParseError, iterparse

from command_api.screening.entries import ListRefused

DEPTH_MAX: Final = 16  # the lists are five deep
ELEMENTS_MAX: Final = 20_000_000  # of a file; the largest list has under two million
RECORD_ELEMENTS_MAX: Final = 20_000  # of one entry, which is held in memory whole

_DECLARED = re.compile(rb"<!\s*(?:doctype|entity|element|attlist|notation)", re.IGNORECASE)
_ENCODING = re.compile(rb"""^<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_UTF_8: Final = {b"utf-8", b"utf8", b"us-ascii"}


def check_xml(file: str, content: bytes) -> None:
    """Refuse what must not reach a parser. Raises ListRefused: not UTF-8, or with a DOCTYPE or a declaration."""
    declared = _ENCODING.match(content.removeprefix(b"\xef\xbb\xbf"))
    if declared is not None and declared[1].lower() not in _UTF_8:
        raise ListRefused(file, "the encoding must be UTF-8")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise ListRefused(file, f"not UTF-8 at byte {fault.start}") from None
    if b"\x00" in content:
        raise ListRefused(file, "holds null bytes")
    if _DECLARED.search(content):
        raise ListRefused(file, "a DOCTYPE or entity declaration is not accepted")


def read_records(file: str, content: bytes, records: Collection[str]) -> Iterator[Element]:
    """Yield the root as it opens (attributes only), then each element called one of ``records``, whole, and forget it.

    Names are given without their namespaces. Raises ListRefused: `check_xml`, malformed, too deep or too large.
    """
    check_xml(file, content)
    depth = elements = in_record = 0
    try:
        for event, element in iterparse(BytesIO(content), events=("start", "end")):
            if event == "start":
                depth, elements, in_record = depth + 1, elements + 1, in_record + 1
                element.tag = local_name(element.tag)
                _check_size(file, depth=depth, elements=elements, in_record=in_record)
                if depth == 1:
                    yield element
                in_record = 0 if element.tag in records else in_record
            else:
                depth -= 1
                if element.tag in records:
                    yield element
                    element.clear()
    except ParseError as fault:
        line, column = fault.position
        raise ListRefused(file, f"not well-formed XML at line {line}, column {column}") from None


def _check_size(file: str, *, depth: int, elements: int, in_record: int) -> None:
    if depth > DEPTH_MAX:
        raise ListRefused(file, f"nested deeper than {DEPTH_MAX} elements")
    if elements > ELEMENTS_MAX or in_record > RECORD_ELEMENTS_MAX:
        raise ListRefused(file, f"more than {ELEMENTS_MAX} elements, or {RECORD_ELEMENTS_MAX} in one entry")


def local_name(tag: str) -> str:
    """Return an element's name without its namespace; publishers have changed theirs before."""
    return tag.rpartition("}")[2]


def text_of(element: Element | None, path: str) -> str:
    """Return the text of the first element at ``path``, trimmed; empty when there is none."""
    found = element.findtext(path) if element is not None else None
    return " ".join(found.split()) if found else ""


def texts_of(element: Element, path: str) -> list[str]:
    """Return the texts of all elements at ``path`` that have one."""
    return [text for found in element.iterfind(path) if (text := text_of(found, "."))]
