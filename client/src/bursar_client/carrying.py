"""The one place that knows httpx2: requests, answers and failures in its words."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from bursar_client.wire import Broken, Request, Response

CONNECT_WITHIN_S: Final = 3.0
ANSWER_WITHIN_S: Final = 30.0
CONNECTIONS_MAX: Final = 32

# Whatever happens to a request; a mistake in an address is a ValueError of the client before any.
Failures = httpx2.RequestError
# The server cannot have heard of the request.
_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def options_for(*urls: str) -> dict[str, Any]:
    """Return how a connection pool is made; this machine's own addresses are never asked through a proxy."""
    return {
        "timeout": httpx2.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S),
        "limits": httpx2.Limits(max_connections=CONNECTIONS_MAX),
        "follow_redirects": False,  # a redirect could carry the token to somebody else
        "trust_env": not all(_is_loopback(urlsplit(url).hostname or "") for url in urls),
    }


def arguments_of(request: Request) -> dict[str, Any]:
    """Say a request in the words of httpx2."""
    return {
        "method": request.method,
        "url": request.url,
        "params": list(request.query) or None,
        "headers": dict(request.headers),
        "content": request.content,
    }


def response_of(response: httpx2.Response) -> Response:
    """Say an answer that was read to its end in ours."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(status=response.status_code, headers=headers, content=response.content)


def broken_by(error: httpx2.RequestError) -> Broken:
    """Say what a failure means for the request."""
    return Broken(error=error, was_sent=not isinstance(error, _NOT_SENT))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
