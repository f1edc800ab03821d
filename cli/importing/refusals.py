"""The report of lines that were not imported: one JSON object per line, for people and for scripts that repair files.

It quotes the bank's lines, so only its owner may read it.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cli.importing.source import RawLine

_encoder = msgspec.json.Encoder()


class RefusedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report. `outcome` is refused, or skipped for a line without money."""

    line: int
    outcome: str
    column: str | None
    reason: str
    detail: str
    raw: str


class RefusalReport:
    """Writes the report; it is made anew by every import, empty when all is well."""

    def __init__(self, file: Path) -> None:
        """Create the file and its folder. Raises OSError."""
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.file = file
        self.reasons: Counter[str] = Counter()
        self._opened = os.fdopen(descriptor, "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def refuse(self, line: RawLine, reason: str, detail: str, *, column: str | None = None) -> None:
        """Add a line that could not be booked."""
        self.reasons[reason] += 1
        self._write(line, "refused", reason, detail, column)

    def skip(self, line: RawLine, reason: str, detail: str) -> None:
        """Add a line that the mapping leaves out."""
        self._write(line, "skipped", reason, detail, None)

    def _write(self, line: RawLine, outcome: str, reason: str, detail: str, column: str | None) -> None:
        raw = line.text.decode(errors="backslashreplace")
        refused = RefusedLine(line=line.number, outcome=outcome, column=column, reason=reason, detail=detail, raw=raw)
        self._opened.write(_encoder.encode(refused) + b"\n")
