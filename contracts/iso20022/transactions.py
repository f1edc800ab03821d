"""Reading messages between banks: the transactions of one message, and what every reader asks an element for.

Read strictly where it matters (namespace and version, identifications, amounts, statuses: each there, once, in its
pattern) and leniently where it does not: an optional element that we have no use for is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final, TypeVar
from xml.etree.ElementTree import Element

import msgspec

from contracts.currencies import SCALE_OF_CURRENCY
from contracts.file_refusals import Unreadable
from contracts.iso20022 import pacs, reading, recalls
from contracts.iso20022.reading import XmlLimits, namespaces_of

MESSAGE_BYTES_MAX: Final = 16 * 1024 * 1024  # a bulk of TRANSACTIONS_MAX
DEPTH_MAX: Final = 24  # the deepest path we read has eight steps
LIMITS: Final = XmlLimits(bytes_max=MESSAGE_BYTES_MAX, depth_max=DEPTH_MAX)

_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,5}))?")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_NAMESPACES: Final = namespaces_of(
    pacs.CREDIT_TRANSFER,
    pacs.STATUS_REPORT,
    pacs.STATUS_INQUIRY,
    pacs.PAYMENT_RETURN,
    recalls.RECALL_REQUEST,
    recalls.RECALL_ANSWER,
)

S = TypeVar("S", bound=msgspec.Struct)


class Layout(msgspec.Struct, frozen=True):
    """Where one kind of message has what: its root, its heading, and its transactions (a path below the root)."""

    kind: str
    root: str
    heading: str
    transactions: str


def parse_xml(content: bytes) -> tuple[str, Element]:
    """Parse XML; return the message's name (`pacs.002.001.10`) and its root, all elements by local name.

    Bytes of strangers enter through the gate of `reading.py`. Raises pacs.WrongMessage; its text has the gate's code
    and place, not its words, which may quote.
    """
    try:
        message = reading.read_message(content, limits=LIMITS, namespaces=_NAMESPACES)
    except Unreadable as error:
        raise pacs.WrongMessage(f"{error.refusal.code} {error.refusal.where}".rstrip()) from None
    return message.name, message.root


def read_transactions(content: bytes, layout: Layout, build: Callable[[Part, Part], S]) -> tuple[S, ...]:
    """Read each transaction of a message with ``build(transaction, heading)``. Raises pacs.WrongMessage."""
    name, root = parse_xml(content)
    if name != layout.kind:
        raise pacs.WrongMessage(f"{name} where {layout.kind} belongs")
    document = Part(root, "Document").one(layout.root)
    found = [document]
    for step in layout.transactions.split("/"):
        found = [below for part in found for below in part.all(step)]
    if not 1 <= len(found) <= pacs.TRANSACTIONS_MAX:
        raise pacs.WrongMessage(f"{document.path} holds {len(found)} transactions")
    heading = document.one(layout.heading)
    count = heading.maybe("NbOfTxs") or document.maybe("CtrlData/NbOfTxs")
    if count is not None and count.text.strip() != str(len(found)):
        raise pacs.WrongMessage(f"{count.path} is not the number of transactions")
    return tuple(pacs.checked(build(part, heading)) for part in found)


def original_of(part: Part) -> dict[str, str]:
    """Return by which identifications a transaction names the one it is about."""
    return {
        "original_instruction_id": part.one("OrgnlInstrId").text,
        "original_end_to_end_id": part.one("OrgnlEndToEndId").text,
        "original_uetr": part.one("OrgnlUETR").text,
    }


class Part:
    """An element and the path that leads to it, for messages of error. What is asked for raises pacs.WrongMessage."""

    def __init__(self, element: Element, path: str) -> None:
        self.element = element
        self.path = path

    def all(self, name: str) -> list[Part]:
        """Return the elements of a name right below."""
        return [Part(element, f"{self.path}/{name}") for element in self.element.findall(name)]

    def maybe(self, path: str) -> Part | None:
        """Return the element at a path, None when it is not there; never one of several."""
        part: Part | None = self
        for name in path.split("/"):
            found = part.all(name) if part is not None else []
            if len(found) > 1:
                raise pacs.WrongMessage(f"{found[0].path} stands there {len(found)} times")
            part = found[0] if found else None
        return part

    def one(self, path: str) -> Part:
        """Return the element at a path, which has to be there once."""
        part = self.maybe(path)
        if part is None:
            raise pacs.WrongMessage(f"{self.path}/{path} is missing")
        return part

    @property
    def text(self) -> str:
        """What stands in the element."""
        if len(self.element):
            raise pacs.WrongMessage(f"{self.path} holds elements, not text")
        return self.element.text or ""

    def text_or_none(self, path: str) -> str | None:
        """Return what stands at a path, None when nothing does."""
        part = self.maybe(path)
        return part.text if part is not None else None

    def moment(self, path: str) -> datetime:
        """Return the moment at a path, in UTC."""
        text = self.one(path).text.strip()
        if not _MOMENT.fullmatch(text):
            raise pacs.WrongMessage(f"{self.path}/{path} is not a date and time with an offset")
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise pacs.WrongMessage(f"{self.path}/{path} is not a date and time") from error

    def moment_or_none(self, path: str) -> datetime | None:
        """Return the moment at a path, None when it is not there."""
        return self.moment(path) if self.maybe(path) is not None else None

    def date(self, path: str) -> date:
        """Return the date at a path."""
        try:
            return date.fromisoformat(self.one(path).text.strip())
        except ValueError as error:
            raise pacs.WrongMessage(f"{self.path}/{path} is not a date") from error

    def amount(self, path: str) -> tuple[int, str, int]:
        """Return minor units, currency and scale. Trailing zeros may be left out, as ISO 20022 allows."""
        part = self.one(path)
        currency = part.element.get("Ccy", "")
        scale = SCALE_OF_CURRENCY.get(currency)
        match = _AMOUNT.fullmatch(part.text.strip())
        if scale is None:
            raise pacs.WrongMessage(f"{part.path} has no currency of ISO 4217")
        if match is None or len((match[2] or "").rstrip("0")) > scale:
            raise pacs.WrongMessage(f"{part.path} is not an amount with at most {scale} decimal places")
        minor = int(match[1] + (match[2] or "").rstrip("0").ljust(scale, "0"))
        return minor, currency, scale
