"""The types of ASGI, as far as the wrappers here need them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def header(scope: Scope, name: bytes) -> bytes | None:
    """Return the one value of a header (lower-case name); None when it is missing. Several are joined, as HTTP says."""
    values = [value for key, value in scope["headers"] if key == name]
    return b", ".join(values) if values else None
