"""Schema `adhoc` in PostgreSQL: the record of all questions, and the saved ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import msgspec

from contracts.sql_views import AskedPage, AskedQuestion, SavedQueriesView, SavedQueryView, SavedQuestion, SqlQuestion
from query_api.book import UNANSWERED, Pool
from query_api.pages import write_cursor
from query_api.questions import ASKED, AskedAsked
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.sources import Source
from runtime.auth import Principal
from runtime.clock import Clock
from runtime.ids import new_opaque_id
from runtime.sql_files import load_queries

ANSWER_WITHIN_S: Final = 2.0
SAVED_MAX: Final = 100  # per tenant
DETAIL_CHARS_MAX: Final = 600

_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")

T = TypeVar("T")


class Ending(msgspec.Struct, kw_only=True):
    """How a question ends; filled in on the way."""

    outcome: str = "cancelled"
    detail: str | None = None
    position: int | None = None
    rows: int | None = None


class Record:
    """Who asked what and what became of it. Writes as bursar_asker, who cannot read; reads as bursar_reader.

    All methods raise ReadRefused (source_unavailable): what cannot be recorded is not asked.
    """

    def __init__(self, asker: Source[Pool], reader: Source[Pool], clock: Clock) -> None:
        self._asker = asker
        self._reader = reader
        self._clock = clock

    @asynccontextmanager
    async def of(self, who: Principal, question: SqlQuestion) -> AsyncIterator[Ending]:
        """Put a question on record before the block, and how the block ended after it."""
        question_id, began = new_opaque_id("question"), self._clock.monotonic()
        asked = asyncio.ensure_future(
            self._append(
                "append_asked",
                *(question_id, self._clock.now(), who.tenant, who.subject, who.address),
                *(question.sql, msgspec.json.encode(question.parameters).decode()),
            )
        )
        ending = Ending()
        try:
            await asyncio.shield(asked)
            yield ending
        except ReadRefused as refused:
            ending.outcome, ending.detail = refused.refusal, refused.detail[:DETAIL_CHARS_MAX]
            raise
        except Exception as error:
            ending.outcome, ending.detail = "failed", type(error).__name__
            raise
        finally:
            elapsed_ms = int((self._clock.monotonic() - began) * 1000)
            end = (ending.outcome, ending.detail, ending.position, ending.rows, elapsed_ms)
            # Also for a client that left, whose request is being cancelled, perhaps while it was put on record.
            await asyncio.wait({asked})
            if asked.exception() is None:
                await asyncio.shield(self._append("append_answered", question_id, self._clock.now(), *end))

    async def read_page(self, asked: AskedAsked) -> AskedPage:
        """Read a page, newest first."""
        arguments = (asked.tenant, asked.before, asked.subject, asked.outcome, asked.limit + 1)
        rows = await _answered(lambda: self._reader.get().fetch(_QUERIES["read_asked_page"], *arguments))
        shown = rows[: asked.limit]
        return AskedPage(
            questions=tuple(
                AskedQuestion(
                    **{**{name: row[name] for name in _ASKED}, "parameters": msgspec.json.decode(row["parameters"])}
                )
                for row in shown
            ),
            next_cursor=write_cursor(shown[-1]["question_no"], listing=ASKED, filters=asked.filters)
            if len(rows) > asked.limit
            else None,
        )

    async def _append(self, query: str, *values: object) -> None:
        await _answered(lambda: self._asker.get().execute(_QUERIES[query], *values))


class SavedQueries:
    """Questions that a tenant keeps under names. All methods raise ReadRefused (source_unavailable)."""

    def __init__(self, asker: Source[Pool], clock: Clock) -> None:
        self._asker = asker
        self._clock = clock

    async def read_all(self, tenant: str) -> SavedQueriesView:
        """Read all of a tenant's."""
        return SavedQueriesView(saved_queries=tuple(await self._read(tenant, None)))

    async def read(self, tenant: str, name: str) -> SavedQueryView:
        """Read one. Raises ReadRefused (saved_query_not_found)."""
        found = await self._read(tenant, name)
        if not found:
            raise _not_found(name)
        return found[0]

    async def save(self, who: Principal, name: str, question: SavedQuestion) -> SavedQueryView:
        """Add or replace one. Raises ReadRefused (too_many_saved_queries)."""
        values = (question.sql, question.description, who.subject, self._clock.now(), SAVED_MAX)

        async def save() -> Any:
            async with self._asker.get().acquire() as connection, connection.transaction():
                await connection.execute(_QUERIES["lock_tenant"], who.tenant)
                return await connection.fetchrow(_QUERIES["save_query"], who.tenant, name, *values)

        row = await _answered(save)
        if row is None:
            raise ReadRefused(Refusal.TOO_MANY_SAVED_QUERIES, f"{SAVED_MAX} are saved already; delete one first")
        return SavedQueryView(**row)

    async def delete(self, tenant: str, name: str) -> None:
        """Remove one. Raises ReadRefused (saved_query_not_found)."""
        removed = await _answered(lambda: self._asker.get().fetchval(_QUERIES["delete_saved_query"], tenant, name))
        if removed is None:
            raise _not_found(name)

    async def _read(self, tenant: str, name: str | None) -> list[SavedQueryView]:
        rows = await _answered(lambda: self._asker.get().fetch(_QUERIES["read_saved_queries"], tenant, name))
        return [SavedQueryView(**row) for row in rows]


# The schema is not migrated, or the role is not the one that it grants to.
_NOT_SET_UP: Final = (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)
_ASKED: Final = tuple(AskedQuestion.__struct_fields__)


async def _answered(ask: Callable[[], Awaitable[T]]) -> T:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await ask()
    except SourceDown as down:
        raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down
    except (*UNANSWERED, *_NOT_SET_UP) as error:
        raise ReadRefused(
            Refusal.SOURCE_UNAVAILABLE, f"the record of questions does not answer ({type(error).__name__})"
        ) from error


def _not_found(name: str) -> ReadRefused:
    return ReadRefused(Refusal.SAVED_QUERY_NOT_FOUND, f"there is no saved query {name}")
