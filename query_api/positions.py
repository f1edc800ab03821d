"""How far the stream and the read models are, judged against the head of the book."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import nats.errors
from nats.aio.client import Client

from contracts.read_models import LAKE
from contracts.subjects import stream_name
from contracts.views import BookStatus, ReadModelStatus, StatusView, StreamStatus
from query_api.book import Book
from query_api.lake import Lake
from query_api.redis_model import RedisModel
from query_api.refusals import ReadRefused, SourceDown
from query_api.sources import Source
from runtime.clock import Clock
from runtime.jetstream import first_sequence, last_sequence
from runtime.jetstream.api import JetStreamRefused

STREAM_TIMEOUT_S: Final = 2.0
LAG_DECIMALS: Final = 3

T = TypeVar("T")


class Positions:
    """Reads all positions of one ledger; what does not answer is named, and nothing else suffers."""

    def __init__(
        self,
        *,
        ledger: str,
        models: Mapping[str, RedisModel[Any]],
        book: Book,
        lake: Lake,
        nats: Source[Client],
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._models = models
        self._book = book
        self._lake = lake
        self._nats = nats
        self._clock = clock

    async def read(self, *, known: Mapping[str, int] | None = None) -> StatusView:
        """Read everything; the book last, so that no read model seems to be ahead of it.

        ``known``: positions of read models that the caller has just read.
        """
        known = known or {}
        unavailable: dict[str, str] = {}

        async def attempt(name: str, read: Callable[[], Awaitable[T]]) -> T | None:
            try:
                return await read()
            except (SourceDown, ReadRefused) as down:
                unavailable[name] = str(down)
                return None

        async def position_of(model: RedisModel[Any]) -> int:
            return (await model.read_checkpoint()).position

        wanted: dict[str, Callable[[], Awaitable[int]]] = {
            name: partial(position_of, model) for name, model in self._models.items()
        }
        wanted[LAKE] = self._lake.read_position
        asked = {name: read for name, read in wanted.items() if name not in known}
        stream, found = await asyncio.gather(
            attempt("stream", self._read_stream),
            asyncio.gather(*(attempt(name, read) for name, read in asked.items())),
        )
        read_now = dict(zip(asked, found, strict=True))
        reached = {name: known[name] if name in known else read_now[name] for name in wanted}
        book = await attempt("book", self._book.read_status)
        lags_s = await attempt("book", lambda: self._lags_s(book, reached))
        versions = {name: model.version for name, model in self._models.items()} | {LAKE: self._lake.version}
        return StatusView(
            ledger=self._ledger,
            book=book,
            stream=stream,
            read_models={
                name: ReadModelStatus(
                    position=position,
                    lag_events=None if book is None or position is None else book.position - position,
                    lag_s=(lags_s or {}).get(name),
                    version=versions[name],
                )
                for name, position in reached.items()
            },
            unavailable=unavailable,
        )

    async def _lags_s(self, book: BookStatus | None, reached: dict[str, int | None]) -> dict[str, float]:
        """How long the first event that each read model lacks has been in the book."""
        if book is None:
            return {}
        behind = {
            name: position for name, position in reached.items() if position is not None and position < book.position
        }
        level = {name: 0.0 for name, position in reached.items() if position is not None and name not in behind}
        if not behind:
            return level
        recorded_at = await self._book.read_recorded_times([position + 1 for position in behind.values()])
        now = self._clock.now()
        return level | {
            name: max(0.0, round((now - recorded_at[position + 1]).total_seconds(), LAG_DECIMALS))
            for name, position in behind.items()
        }

    async def _read_stream(self) -> StreamStatus:
        client, stream = self._nats.get(), stream_name(self._ledger)
        try:
            async with asyncio.timeout(STREAM_TIMEOUT_S):
                return StreamStatus(
                    first=await first_sequence(client, stream), last=await last_sequence(client, stream)
                )
        except (JetStreamRefused, nats.errors.Error, OSError) as error:
            raise SourceDown(f"NATS: the stream cannot be read ({type(error).__name__})") from error
