"""Progress on stderr: one line that is overwritten on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from typing import Final, TextIO

from cli.importing.source import Source
from cli.importing.tally import Tally

ON_TERMINAL_EVERY_S: Final = 0.2
IN_LOG_EVERY_S: Final = 2.0


class Progress:
    """Tells how far an import is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._every_s = ON_TERMINAL_EVERY_S if self._terminal else IN_LOG_EVERY_S
        self._began = time.monotonic()
        self._told_at = self._began

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self._began

    def reading(self, source: Source, tally: Tally) -> None:
        """Tell, if it is time to, how much of the file is read and how fast."""
        if time.monotonic() - self._told_at >= self._every_s:
            share = source.read_bytes / max(source.size_bytes, 1)
            pace = tally.lines / max(self.seconds, 0.001)
            self.tell(f"{share:4.0%}  {tally.lines:,} lines, {pace:,.0f} lines/s, {tally.refused:,} refused", over=True)

    def tell(self, text: str, *, over: bool = False) -> None:
        """Write a line; `over`: the next one replaces it on a terminal."""
        self._told_at = time.monotonic()
        self._stream.write(f"\r\033[K{text}" + ("" if over else "\n") if self._terminal else f"{text}\n")
        self._stream.flush()
