"""Tables as XLSX. Every text is written as a text, so that no cell is ever a formula or a link.

A spreadsheet keeps numbers as doubles, which are exact to 15 digits: greater amounts are written as text, with all of
theirs. Amounts stay in minor units, with the currency's scale beside them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any, Final

import pyarrow as pa
import xlsxwriter

from query_api.formats import Dated

SHEET_ROWS_MAX: Final = 1_048_575  # what a sheet takes, less the line with the names
EXACT_MAX: Final = 10**15 - 1
TEXT_CHARS_MAX: Final = 32_767  # of one cell

_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
    "remove_timezone": True,
}
# A workbook says when it was made; one that says when its figures were true is the same whenever it is made.
_EMPTY_BOOK_AT: Final = datetime(1980, 1, 1, tzinfo=UTC)


class SpreadsheetWriter:
    """Writes a workbook: the rows, and a sheet `about` that says what they are and as of when."""

    def __init__(self, stream: IO[bytes], schema: pa.Schema, dated: Dated) -> None:
        self._book = xlsxwriter.Workbook(stream, _OPTIONS)
        made_at = dated.as_of.recorded_at or _EMPTY_BOOK_AT
        self._book.set_properties({"title": dated.report.description.title, "created": made_at.replace(tzinfo=None)})
        self._formats = {
            "date": self._book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
            "head": self._book.add_format({"bold": True}),
        }
        self._sheet = self._book.add_worksheet("report")
        self._dated = dated
        self._next = 1
        for number, name in enumerate(schema.names):
            self._sheet.write_string(0, number, name, self._formats["head"])
        self._sheet.freeze_panes(1, 0)

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            for number, value in enumerate(row):
                self._write_cell(self._sheet, self._next, number, value)
            self._next += 1

    def close(self) -> None:
        """Write the second sheet and the file."""
        about, as_of = self._book.add_worksheet("about"), self._dated.as_of
        lines: list[tuple[str, object]] = [
            ("report", self._dated.report.description.name),
            ("title", self._dated.report.description.title),
            ("ledger", as_of.ledger),
            ("as_of_position", as_of.position),
            ("as_of_recorded_at", as_of.recorded_at),
            *self._dated.shown.items(),
            *((column.name, column.description) for column in self._dated.report.description.columns),
        ]
        for number, (name, value) in enumerate(lines):
            about.write_string(number, 0, name, self._formats["head"])
            self._write_cell(about, number, 1, value)
        self._book.close()

    def _write_cell(self, sheet: Any, row: int, number: int, value: object) -> None:
        match value:
            case None:
                pass
            case datetime():
                naive = value.astimezone(UTC).replace(tzinfo=None)
                sheet.write_datetime(row, number, naive, self._formats["time"])
            case date():
                sheet.write_datetime(row, number, datetime(value.year, value.month, value.day), self._formats["date"])
            case int() | Decimal() if -EXACT_MAX <= value <= EXACT_MAX:
                sheet.write_number(row, number, int(value))
            case _:
                sheet.write_string(row, number, str(value)[:TEXT_CHARS_MAX])
