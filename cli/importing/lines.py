"""A line of the file as typed values, or the reason why it is none: pure functions of the line and the mapping."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final

import msgspec

from cli.importing.mapping import Column, FileFormat
from cli.importing.source import RawLine
from contracts.money import BALANCE_MINOR_MAX

DAYS_CACHED_MAX: Final = 4096  # files repeat their dates thousands of times
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}\Z")

Value = str | int | date | None


class BadLine(Exception):
    """Why a line cannot be imported. `reason` is a stable code, `column` the one to blame if it is one."""

    def __init__(self, reason: str, detail: str, *, column: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.column = column


class HeaderMismatch(Exception):
    """The first line is not the header that the mapping describes: this is another format."""


class Fields(msgspec.Struct, frozen=True):
    """A line's columns by name: as stripped text, and as values (None where empty; decimals in minor units)."""

    texts: Mapping[str, str]
    values: Mapping[str, Value]


class LineReader:
    """Reads lines of one file."""

    def __init__(self, form: FileFormat) -> None:
        """Start with the columns in the mapping's order; `read_header` may change it."""
        self._form = form
        self._columns = [(column, _parser(column)) for column in form.columns]

    def read_header(self, line: RawLine) -> None:
        """Take the order of the columns from the header. Raises HeaderMismatch naming what is missing or not known."""
        try:
            names = [name.strip() for name in self._split(line)]
        except BadLine as error:
            raise HeaderMismatch(f"the header cannot be read: {error.detail}") from error
        described = {column.name: (column, parse) for column, parse in self._columns}
        missing = [repr(name) for name in described if name not in names]
        unknown = [repr(name) for name in names if name not in described]
        if missing or unknown or len(names) != len(described):
            raise HeaderMismatch(
                f"the header has {len(names)} columns, the mapping describes {len(described)}"
                + (f"; missing: {', '.join(missing)}" if missing else "")
                + (f"; not described: {', '.join(unknown)}" if unknown else "")
                + ". Is it the right mapping for this file?"
            )
        self._columns = [described[name] for name in names]

    def read(self, line: RawLine) -> Fields:
        """Read one line. Raises BadLine."""
        cells = self._split(line)
        if len(cells) != len(self._columns):
            raise BadLine("wrong_column_count", f"{len(cells)} columns instead of {len(self._columns)}")
        texts: dict[str, str] = {}
        values: dict[str, Value] = {}
        for (column, parse), cell in zip(self._columns, cells, strict=True):
            text = cell.strip()
            texts[column.name] = text
            if text:
                values[column.name] = parse(text)
            elif column.optional:
                values[column.name] = None
            else:
                raise BadLine("missing_value", "must not be empty", column=column.name)
        return Fields(texts, values)

    def _split(self, line: RawLine) -> Sequence[str]:
        form = self._form
        if line.too_long:
            raise BadLine("line_too_long", f"longer than {len(line.text)} bytes")
        try:
            text = line.text.decode(form.encoding)
            return next(csv.reader([text], delimiter=form.delimiter, quotechar=form.quote, strict=True))
        except UnicodeDecodeError as error:
            raise BadLine("wrong_encoding", f"byte {error.start} is not {form.encoding}") from error
        except csv.Error as error:
            raise BadLine("malformed_csv", str(error)) from error


def _parser(column: Column) -> Callable[[str], Value]:
    match column.type:
        case "text":
            return str
        case "integer":
            return lambda text: _integer(text, column.name)
        case "decimal":
            shape = re.compile(_decimal_pattern(column))
            return lambda text: _minor(text, column, shape)
        case "date":
            return lambda text: _day(text, column.format or "", column.name)


def _integer(text: str, name: str) -> int:
    if _INTEGER.match(text) is None:
        raise BadLine("bad_integer", f"{text!r} is not an integer of at most 18 digits", column=name)
    return int(text)


def _decimal_pattern(column: Column) -> str:
    decimals = rf"{re.escape(column.mark)}([0-9]{{{column.scale}}})" if column.scale else "()"
    return rf"([+-]?)([0-9]{{1,19}}){decimals}\Z"


def _minor(text: str, column: Column, shape: re.Pattern[str]) -> int:
    """Read a signed decimal with exactly the column's decimal places as minor units."""
    found = shape.match(text)
    if found is None:
        raise BadLine(
            "bad_amount",
            f"{text!r} is not a decimal number with exactly {column.scale} decimal places after {column.mark!r}",
            column=column.name,
        )
    sign, whole, decimals = found.groups()
    minor = int(whole + decimals)
    if minor > BALANCE_MINOR_MAX:
        raise BadLine("bad_amount", f"{text!r} is beyond 64 bits", column=column.name)
    return -minor if sign == "-" else minor


def _day(text: str, form: str, name: str) -> date:
    try:
        return _parse_day(text, form)
    except ValueError as error:
        raise BadLine("bad_date", f"{text!r} is not a date written {form}", column=name) from error


@lru_cache(maxsize=DAYS_CACHED_MAX)
def _parse_day(text: str, form: str) -> date:
    day = datetime.strptime(text, form).date()
    if day.strftime(form) != text:  # strptime forgives missing zeros: "93112" would be 1993-11-02
        raise ValueError(text)
    return day
