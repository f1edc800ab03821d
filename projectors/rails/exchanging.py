"""One HTTP exchange with a counterparty: no redirects, no proxies of the environment, and a bounded answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from projectors.rails.guard import CONNECT_WITHIN_S, RailLimits, Unusable
from runtime.outbound.urls import LOOPBACK_HOSTS

IDLE_CONNECTIONS_MAX: Final = 8  # the client looks at each of them before every request
ANSWER_BYTES_MAX: Final = 256 * 1024
OWN_DELAY_HEADER: Final = "bank-delay-ms"


class Reply(msgspec.Struct, frozen=True):
    """An answer, read to its end. `media_type` is in lower case and without parameters."""

    status: int
    media_type: str
    content: bytes
    own_delay_ms: str | None


def checked_url(url: str) -> str:
    """Return an address money may be sent to: https, or http on this machine alone. Raises ValueError."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise ValueError("a rail's address is https://host…")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise ValueError("a rail's address is https, except on loopback")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("a rail's address holds no credentials, query or fragment")
    return url


def open_http(limits: RailLimits, *, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    """Return a client with a pool of its own for one rail; close it. The guard's deadline ends its calls."""
    return httpx2.AsyncClient(
        headers=headers,
        timeout=httpx2.Timeout(None, connect=CONNECT_WITHIN_S),
        limits=httpx2.Limits(max_connections=limits.concurrency_max, max_keepalive_connections=IDLE_CONNECTIONS_MAX),
        trust_env=False,
        follow_redirects=False,
    )


async def exchange(
    http: httpx2.AsyncClient, method: str, url: str, *, content: bytes | None = None, headers: Mapping[str, str]
) -> Reply:
    """Send a request and read its answer, at most ANSWER_BYTES_MAX of it. Raises httpx2.HTTPError, guard.Unusable."""
    given = {"Accept-Encoding": "identity", **headers}  # a compressed answer would have no bound
    async with http.stream(method, url, content=content, headers=given) as answer:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise Unusable("compressed, though we asked for no encoding")
        parts, size = [], 0
        async for part in answer.aiter_raw():
            size += len(part)
            if size > ANSWER_BYTES_MAX:
                raise Unusable(f"larger than {ANSWER_BYTES_MAX} bytes")
            parts.append(part)
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Reply(answer.status_code, media_type, b"".join(parts), answer.headers.get(OWN_DELAY_HEADER))
