"""The bytes of the file: one line at a time, never the whole, with a hash that says later which file it was.

A line ends at a line feed. A quoted value therefore cannot contain one: banks' exports have one line per transaction,
and a stray quote damages one line instead of swallowing the rest of the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

LINE_BYTES_MAX: Final = 65_536
_BOM: Final = b"\xef\xbb\xbf"


class RawLine(NamedTuple):
    """A line as it stands in the file, without its end. `too_long`: only its beginning is here."""

    number: int
    text: bytes
    too_long: bool = False


class Source:
    """One reading of a file. `size_bytes` is its size at the start, `read_bytes` how far the reading is."""

    def __init__(self, file: Path) -> None:
        """Open the file. Raises OSError."""
        self._opened = file.open("rb")
        self.file = file
        self.size_bytes = os.fstat(self._opened.fileno()).st_size
        self.read_bytes = 0
        self._hash = sha256()

    @property
    def sha256(self) -> str:
        """SHA-256 of what was read so far."""
        return self._hash.hexdigest()

    def lines(self) -> Iterator[RawLine]:
        """Read all lines, numbered from 1; empty ones keep their number and are left out."""
        number = 0
        with self._opened:
            while text := self._read():  # ends with the file
                number += 1
                if len(text) > LINE_BYTES_MAX:
                    self._skip_rest(text)
                    yield RawLine(number, text[:LINE_BYTES_MAX], too_long=True)
                    continue
                text = text.rstrip(b"\r\n")
                if number == 1:
                    text = text.removeprefix(_BOM)
                if text.strip():
                    yield RawLine(number, text)

    def _read(self) -> bytes:
        text = self._opened.readline(LINE_BYTES_MAX + 1)
        self.read_bytes += len(text)
        self._hash.update(text)
        return text

    def _skip_rest(self, text: bytes) -> None:
        while text and not text.endswith(b"\n"):  # ends with the line or the file
            text = self._read()
