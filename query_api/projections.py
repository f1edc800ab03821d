"""The read models as such: how each version is, judged here against the book's head.

Positions are read where the models are kept; what only a projector knows comes from the table where it reports. So a
projector that hangs is seen here, whatever it thinks of itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.projection_views import ProjectionFailure, ProjectionLine, ProjectionsView, RebuildProgress
from contracts.projections import MODEL_OF, MODELS, REACTOR, ReadModel, State, Visibility
from contracts.read_models import LAKE
from contracts.subjects import redis_prefix
from query_api.book import READ_TIMEOUT_S, Book, Pool
from query_api.lake import Lake
from query_api.operations import ask_table
from query_api.refusals import ReadRefused, SourceDown
from query_api.sources import Source
from runtime.clock import Clock

SILENT_AFTER_S: Final = 10.0  # without a report for so long a version counts as stopped, whatever it said last
LAG_DECIMALS: Final = 3

T = TypeVar("T")


class _Version(msgspec.Struct, kw_only=True):
    """A row of list_versions."""

    model: str
    version: int
    role: Any = "serving"
    wanted: str = "running"
    head: int = 0
    state: State | None = None
    position: int | None = None
    applied_per_s: float | None = None
    failure_category: str | None = None
    failure_position: int | None = None
    failure_detail: str | None = None
    visible_s: list[float] | None = None
    visible_events: int | None = None
    reported_s: float | None = None

    @property
    def about(self) -> ReadModel:
        """What the registry says of the model."""
        return MODEL_OF.get(self.model, REACTOR)


class Projections:
    """The read models of one ledger. ``pool``: of connections as bursar_reader."""

    def __init__(
        self, *, ledger: str, pool: Source[Pool], redis: Source[Redis], lake: Lake, book: Book, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._pool = pool
        self._redis = redis
        self._lake = lake
        self._book = book
        self._clock = clock

    async def read(self) -> ProjectionsView:
        """Read how everything is; the book last, so that nothing seems to be ahead of it."""
        unavailable: dict[str, str] = {}

        async def attempt(name: str, read: Callable[[], Awaitable[T]], otherwise: T) -> T:
            try:
                return await read()
            except (SourceDown, ReadRefused) as down:
                unavailable[name] = str(down)
                return otherwise

        none: list[_Version] = []
        unknown: dict[int, datetime] = {}
        versions = await attempt("versions", self._versions, none)
        seen = {version.model for version in versions}
        versions += [_Version(model=model.name, version=model.layout) for model in MODELS if model.name not in seen]
        await attempt("redis", lambda: self._place_in_redis(versions), None)
        await attempt("lake", lambda: self._place_in_lake(versions), None)
        book = await attempt("book", self._book.read_status, None)
        head = None if book is None else book.position
        positions = {version.position + 1 for version in versions if version.position is not None}
        recorded = await attempt("book", lambda: self._book.read_recorded_times(sorted(positions)), unknown)
        now = self._clock.now()
        ages = {position: max(0.0, (now - at).total_seconds()) for position, at in recorded.items()}
        return ProjectionsView(
            ledger=self._ledger,
            head=head,
            projections=tuple(_line_of(version, head, ages) for version in versions),
            unavailable=unavailable,
        )

    async def _versions(self) -> list[_Version]:
        rows = await ask_table(self._pool, "list_versions") + await ask_table(self._pool, "list_reactors")
        return [msgspec.convert(dict(row), _Version) for row in rows]

    async def _place_in_redis(self, versions: Sequence[_Version]) -> None:
        """Note the checkpoints of the versions in Redis: what is there, not what is said to be."""
        kept = [version for version in versions if version.about.kept == "redis"]
        client = self._redis.get()
        try:
            async with asyncio.timeout(READ_TIMEOUT_S), client.pipeline(transaction=False) as pipeline:
                for version in kept:
                    pipeline.hget(f"{redis_prefix(self._ledger, version.model, version.version)}checkpoint", "position")
                found = await pipeline.execute()
        except (RedisError, OSError) as error:
            raise SourceDown(f"Redis: does not answer ({type(error).__name__})") from error
        for version, position in zip(kept, found, strict=True):
            version.position = int(position or 0)

    async def _place_in_lake(self, versions: Sequence[_Version]) -> None:
        """Note the position of the lake that is read here; of its other versions a projector's word is taken."""
        position = await self._lake.read_position()
        for version in versions:
            if version.model == LAKE and version.role == "serving":
                version.position = position


def _line_of(version: _Version, head: int | None, ages: dict[int, float]) -> ProjectionLine:
    about, position = version.about, version.position
    is_serving = version.role == "serving"
    lag_events = None if head is None or position is None else max(0, head - position)
    failure = _failure_of(version)
    state: State = "stopped" if failure is not None else (version.state or "stopped")
    if version.wanted == "paused":
        state = "paused"
    is_current = version.reported_s is not None and version.reported_s <= SILENT_AFTER_S
    rate = (version.applied_per_s or 0.0) if is_current else 0.0
    return ProjectionLine(
        name=version.model if is_serving else f"{version.model}.v{version.version}",
        model=version.model,
        version=version.version,
        role=version.role,
        is_serving=is_serving,
        state=state,
        kept=about.kept,
        holds=about.holds,
        reads=about.reads,
        lines=about.lines,
        poison=about.poison,
        position=position,
        head=head,
        lag_events=lag_events,
        lag_seconds=None
        if lag_events is None or position is None
        else round(ages.get(position + 1, 0.0), LAG_DECIMALS),
        applied_per_s=rate,
        failure=failure,
        rebuild=_progress_of(version, lag_events, rate) if state == "rebuilding" else None,
        visible=_visible_of(version),
        reported_s=None if version.reported_s is None else round(version.reported_s, 1),
        actions=about.actions,
    )


def _failure_of(version: _Version) -> ProjectionFailure | None:
    """Say why a version does not move: what its projector said, or that none says anything."""
    next_position = (version.position or 0) + 1
    if version.failure_category is not None:
        return ProjectionFailure(
            category=version.failure_category,
            position=version.failure_position or next_position,
            detail=version.failure_detail or "",
        )
    if version.wanted == "paused" or version.role == "dropping":
        return None
    if version.reported_s is None:
        return ProjectionFailure(category="silent", position=next_position, detail="no projector ever reported it")
    if version.reported_s > SILENT_AFTER_S:
        detail = f"no projector has reported it for {version.reported_s:.0f} s"
        return ProjectionFailure(category="silent", position=next_position, detail=detail)
    return None


def _progress_of(version: _Version, lag_events: int | None, rate: float) -> RebuildProgress:
    position = version.position or 0
    left = max(version.head - position, lag_events or 0)
    total = position + left
    return RebuildProgress(
        progress=round(position / total, 4) if total else 1.0, eta_s=round(left / rate, 1) if rate > 0 else None
    )


def _visible_of(version: _Version) -> Visibility | None:
    if not version.visible_s:
        return None
    p50, p99, p999 = version.visible_s
    return Visibility(p50=p50, p99=p99, p999=p999, events=version.visible_events or 0)
