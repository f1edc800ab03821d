"""Watching the read models: lags judged here, and how soon commits become readable, as metrics and for every answer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from litestar import Response
from prometheus_client import CollectorRegistry, Gauge

from contracts.projection_views import ProjectionLine
from contracts.projections import Visibility
from query_api.projections import Projections
from runtime.shutdown import end_all

WATCH_PERIOD_S: Final = 2.0
VISIBLE_HEADER: Final = "bursar-visible"


class ProjectionWatch:
    """What was seen last of the versions that serve. `run` looks, everything else remembers."""

    def __init__(self, projections: Projections, registry: CollectorRegistry) -> None:
        self._projections = projections
        self._headers: dict[str, str] = {}
        self.visible: dict[str, Visibility] = {}
        self._lag_events = Gauge(
            "query_api_projection_lag_events",
            "Events of the book that a model lacks, judged by the query API; NaN while it cannot tell.",
            ["model"],
            registry=registry,
        )
        self._lag_seconds = Gauge(
            "query_api_projection_lag_seconds",
            "How long the oldest event that a model lacks has been in the book, judged by the query API.",
            ["model"],
            registry=registry,
        )
        self._stopped = Gauge(
            "query_api_projection_stopped",
            "1 while a model does not move though it should: an event stops it, or no projector reports it.",
            ["model"],
            registry=registry,
        )
        self._visible = Gauge(
            "query_api_projection_visible_seconds",
            "From commit to readable: seconds within which that share of the newest events was.",
            ["model", "quantile"],
            registry=registry,
        )

    async def run(self) -> None:
        """Look every WATCH_PERIOD_S; ends by cancellation."""
        while True:  # ends by cancellation
            view = await self._projections.read()
            for line in view.projections:
                if line.is_serving:
                    self._see(line)
            await asyncio.sleep(WATCH_PERIOD_S)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch for the length of the block."""
        running = asyncio.create_task(self.run())
        try:
            yield
        finally:
            await end_all([running])

    def tell(self, model: str) -> Callable[[Response[Any]], Awaitable[Response[Any]]]:
        """Return what adds to answers from a model how soon commits become readable in it."""

        # Asynchronous although it waits for nothing: the framework runs synchronous hooks in a thread.
        async def told(response: Response[Any]) -> Response[Any]:
            header = self._headers.get(model)
            if header is not None:
                response.headers[VISIBLE_HEADER] = header
            return response

        return told

    def _see(self, line: ProjectionLine) -> None:
        model, unknown = line.model, math.nan
        self._lag_events.labels(model).set(unknown if line.lag_events is None else line.lag_events)
        self._lag_seconds.labels(model).set(unknown if line.lag_seconds is None else line.lag_seconds)
        self._stopped.labels(model).set(line.state == "stopped")
        visible = line.visible
        if visible is None:
            return
        self.visible[model] = visible
        shares = {"0.5": visible.p50, "0.99": visible.p99, "0.999": visible.p999}
        for quantile, seconds in shares.items():
            self._visible.labels(model, quantile).set(seconds)
        self._headers[model] = f"{model};p50={visible.p50:.4f};p99={visible.p99:.4f};p999={visible.p999:.4f}"
