"""Request metrics with a bounded number of series.

The route label is the template (`/v1/accounts/{account_id}/balance`), never the path; unknown methods and unmatched
paths share one label each. Children are looked up in a dictionary of our own: `labels()` costs several microseconds.
"""

from __future__ import annotations

import asyncio
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from runtime.http.asgi import ASGIApp, Message, Receive, Scope, Send

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD: Final = "OTHER"
UNMATCHED: Final = "unmatched"
ABORTED: Final = 499  # nobody was there any more to receive a status
BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class MeasureRequests:
    """Counts requests by method, route and status, and times them by method and route."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "http_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "http_request_seconds",
            "Time until the answer was sent.",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._in_progress = Gauge("http_requests_in_progress", "Requests being answered.", registry=registry)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request and record it, whatever its end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = ABORTED

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        clock = asyncio.get_running_loop()
        started = clock.time()
        self._in_progress.inc()
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._in_progress.dec()
            method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
            count, seconds = self._of(method, scope.get("path_template") or UNMATCHED, status)
            count.inc()
            seconds.observe(clock.time() - started)

    def _of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        found = self._children.get((method, route, status))
        if found is None:
            found = (self._requests.labels(method, route, status), self._seconds.labels(method, route))
            self._children[method, route, status] = found
        return found
