"""What goes over the wire, as plain values; who carries it is not said here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One attempt."""

    method: str
    url: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    content: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What came back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def retry_after_s(self) -> int | None:
        """How long the server asks to wait."""
        text = self.headers.get("retry-after", "")
        return int(text) if text.isdecimal() else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """Nothing came back. `was_sent`: the server may have got the request."""

    error: Exception
    was_sent: bool
