"""The types of ASGI, as far as the wrappers here need them; a header and a body read from them."""

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


class BodyTooLarge(ValueError):
    """The body has more bytes than it may have."""


class BodyIncomplete(ValueError):
    """The client left before the body was complete."""


async def read_body(receive: Receive, bytes_max: int) -> bytes:
    """Read the body, at most one chunk beyond the cap. Raises BodyTooLarge, BodyIncomplete."""
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:  # ends with the last chunk, at the cap, or when the client leaves
        message = await receive()
        if message["type"] != "http.request":
            raise BodyIncomplete("the client left before the body was complete")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > bytes_max:
            raise BodyTooLarge(f"the body has more than {bytes_max} bytes")
        chunks.append(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
