"""Why a file from a bank or a customer is not read: values with a stable code, words and the place.

A file is refused as a whole. Half of a payment file is another payment file, and half of a statement does not add up.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

QUOTED_CHARS_MAX: Final = 80  # of the file's own text, so that a refusal stays short


class FileRefusalCode(StrEnum):
    """Codes of refused files. The text of a member is its public code and never changes."""

    TOO_LARGE = "too_large"
    WRONG_ENCODING = "wrong_encoding"
    NUL_BYTE = "nul_byte"
    DOCTYPE = "doctype"
    ENTITY = "entity"
    XINCLUDE = "xinclude"
    PROCESSING_INSTRUCTION = "processing_instruction"
    TOO_DEEP = "too_deep"
    TOO_MANY_NODES = "too_many_nodes"
    TOO_MANY_ATTRIBUTES = "too_many_attributes"
    TOKEN_TOO_LONG = "token_too_long"
    MALFORMED_XML = "malformed_xml"
    FOREIGN_NAMESPACE = "foreign_namespace"

    UNKNOWN_NAMESPACE = "unknown_namespace"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_FORMAT = "unknown_format"
    SEVERAL_DOCUMENTS = "several_documents"

    UNKNOWN_ELEMENT = "unknown_element"
    UNSUPPORTED_ELEMENT = "unsupported_element"
    REPEATED_ELEMENT = "repeated_element"
    MISSING_ELEMENT = "missing_element"
    EMPTY_ELEMENT = "empty_element"
    TOO_LONG = "too_long"
    BAD_VALUE = "bad_value"
    BAD_AMOUNT = "bad_amount"
    BAD_DATE = "bad_date"
    UNKNOWN_CURRENCY = "unknown_currency"
    CURRENCY_MISMATCH = "currency_mismatch"
    WRONG_COUNT = "wrong_count"
    WRONG_CONTROL_SUM = "wrong_control_sum"
    UNSTRUCTURED_ADDRESS = "unstructured_address"
    INCOMPLETE_ADDRESS = "incomplete_address"
    MISSING_BALANCE = "missing_balance"
    UNBALANCED_STATEMENT = "unbalanced_statement"
    TOO_MANY_STATEMENTS = "too_many_statements"
    TOO_MANY_LINES = "too_many_lines"
    MALFORMED_LINE = "malformed_line"


class FileRefusal(Struct, frozen=True):
    """A refused file: the code for programs, the words for people, and where in the file (empty: all of it)."""

    code: FileRefusalCode
    words: str
    where: str = ""


class HostileXml(FileRefusal, frozen=True):
    """XML that no honest bank writes, or that would cost too much to read."""


class UnknownMessage(FileRefusal, frozen=True):
    """Sound, but not one of the messages or versions that are read here."""


class WrongContent(FileRefusal, frozen=True):
    """The right message with something in it that is missing, wrong, or does not add up."""


class Unreadable(Exception):
    """Carries a refusal out of the depth of a reader; the reader's public function turns it into the value."""

    def __init__(self, refusal: FileRefusal) -> None:
        super().__init__(f"{refusal.code}: {refusal.words}")
        self.refusal = refusal


def wrong(code: FileRefusalCode, words: str, where: str = "") -> Unreadable:
    """Make the exception of a WrongContent."""
    return Unreadable(WrongContent(code, words, where))


def quoted(text: str) -> str:
    """The file's own text as a refusal may show it: short, and with control characters escaped."""
    return repr(text if len(text) <= QUOTED_CHARS_MAX else text[:QUOTED_CHARS_MAX] + "…")
