"""The smallest possible HTTP GET for readiness probes: loopback only, never through a proxy."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request

PROBE_WITHIN_S = 2.0

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


async def http_get(url: str, *, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Return status and body of a GET; raises OSError when nobody answers in time."""
    return await asyncio.to_thread(_get, url, headers or {})


def _get(url: str, headers: dict[str, str]) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with _direct.open(request, timeout=PROBE_WITHIN_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
