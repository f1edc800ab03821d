"""Where bearer tokens come from: a text, a function that is asked before each attempt, or a file that is renewed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Lock
from typing import Final

from bursar_client.errors import TokenUnavailable

TOKEN_BYTES_MAX: Final = 16_384

TokenSource = Callable[[], str]
AsyncTokenSource = Callable[[], Awaitable[str]]


class TokenFile:
    """A token in a file, read again when the file changes."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._seen: tuple[int, int, int] | None = None
        self._token = ""
        self._lock = Lock()

    def __call__(self) -> str:
        """Return the token. Raises TokenUnavailable when the file has none."""
        try:
            with self._lock:
                return self._read()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenUnavailable(f"{self._path}: {error}") from error

    def _read(self) -> str:
        status = self._path.stat()
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            if status.st_size > TOKEN_BYTES_MAX:
                raise TokenUnavailable(f"{self._path} is larger than a token")
            self._token, self._seen = self._path.read_text(encoding="ascii").strip(), seen
        if not self._token:
            raise TokenUnavailable(f"{self._path} is empty")
        return self._token


def source_of(token: str | Path | TokenSource | AsyncTokenSource) -> TokenSource | AsyncTokenSource:
    """Make a source of whatever a client was given: a text is the token itself, a Path names a file."""
    if isinstance(token, Path):
        return TokenFile(token)
    if isinstance(token, str):
        text = token
        return lambda: text
    return token
