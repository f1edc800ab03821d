"""How far the book is known to be: the position of the newest command that was answered."""

from __future__ import annotations

from threading import Lock


class PositionTracker:
    """The highest position seen, for any number of threads and clients.

    Clients that share a tracker read each other's writes; a position that came another way is told with `observe`.
    """

    def __init__(self, highest: int = 0) -> None:
        self._highest = highest
        self._lock = Lock()

    @property
    def highest(self) -> int:
        """The highest position so far; 0 when there is none."""
        return self._highest

    def observe(self, position: int) -> None:
        """Take note of a position. A lower one than before changes nothing."""
        with self._lock:
            self._highest = max(self._highest, position)
