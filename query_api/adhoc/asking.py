"""A question from the door to its answer: on record, pinned to a position, asked in a child, as fresh as wanted."""

from __future__ import annotations

from typing import Final

import structlog
from msgspec import Struct

from contracts.read_models import LAKE
from contracts.sql_views import CatalogView, SqlQuestion
from contracts.views import AsOf
from query_api.adhoc.children import Children
from query_api.adhoc.jobs import Job, Outcome, Reply
from query_api.adhoc.store import Record
from query_api.adhoc.vocabulary import FUNCTIONS
from query_api.catalog import Catalog
from query_api.dating import Dating
from query_api.freshness import Fresh, Freshness
from query_api.lake import Lake, LakeCursor, LakeMissing, define_views
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.reports import date_cursor, require_position
from runtime.auth import Principal

_REFUSALS: Final[dict[Outcome, Refusal]] = {
    "not_allowed": Refusal.SQL_NOT_ALLOWED,
    "failed": Refusal.SQL_FAILED,
    "over_limit": Refusal.SQL_OVER_LIMIT,
    "lake_moved": Refusal.SOURCE_UNAVAILABLE,
}

_log = structlog.get_logger(__name__)


class Pinned(Struct, frozen=True):
    """The lake at one position, as statements that define its views."""

    definitions: tuple[str, ...]
    as_of: AsOf


class Answer(Struct, frozen=True):
    """An answer as bytes of the media type asked for."""

    body: bytes
    as_of: AsOf
    truncated: bool


class Asking:
    """Ad-hoc questions about one ledger."""

    def __init__(self, lake: Lake, children: Children, record: Record, *, freshness: Freshness, dating: Dating) -> None:
        self._lake = lake
        self._children = children
        self._record = record
        self._freshness = freshness
        self._dating = dating
        self._catalog = Catalog.load()

    @property
    def catalog(self) -> CatalogView:
        """What may be asked about, and with which functions."""
        return CatalogView(views=self._catalog.entries, functions=tuple(sorted(FUNCTIONS)))

    async def close(self) -> None:
        """End the children; nothing may be running."""
        await self._children.close()

    async def ask(
        self, who: Principal, question: SqlQuestion, *, media_type: str, fresh: Fresh, position: int | None
    ) -> Answer:
        """Answer a question as of now or of a past `position`. Raises ReadRefused."""
        async with self._record.of(who, question) as ending:
            wanted = fresh if position is None else fresh.exactly(position)
            pinned = await self._freshness.read(lambda: self._pin(position), wanted, model=LAKE)
            ending.position = pinned.as_of.position
            reply = await self._run(pinned, question, media_type)
            if reply.outcome == "lake_moved":
                # Compacted away, or rebuilt: a child that has the old folder in its hands cannot see the new one.
                _log.info("sql_lake_moved")
                await self._children.retire()
                pinned = await self._pin(position)
                reply = await self._run(pinned, question, media_type)
            if reply.outcome != "answered":
                raise ReadRefused(_REFUSALS[reply.outcome], reply.detail)
            ending.outcome, ending.rows = "answered", reply.rows
            return Answer(reply.body, pinned.as_of, reply.truncated)

    async def _pin(self, position: int | None) -> Pinned:
        """Take the newest files, cut at `position`. Raises ReadRefused."""

        def job(cursor: LakeCursor) -> Pinned:
            if position is not None:
                require_position(cursor, position)
            at = cursor.position if position is None else position
            views = define_views(cursor.files_below(self._lake.folder), at)
            return Pinned((*views, *self._catalog.definitions), date_cursor(cursor, at, self._dating))

        try:
            return await self._lake.run(job)
        except LakeMissing as missing:
            raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(missing), position=0) from missing
        except SourceDown as down:
            raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down

    async def _run(self, pinned: Pinned, question: SqlQuestion, media_type: str) -> Reply:
        job = Job(
            sql=question.sql,
            parameters=question.parameters,
            rows_max=question.limit,
            media_type=media_type,
            views=self._catalog.names,
            definitions=pinned.definitions,
            as_of=pinned.as_of,
        )
        try:
            return await self._children.ask(job)
        except SourceDown as down:
            raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down
