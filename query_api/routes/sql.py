"""Ad-hoc SQL: ask, see what may be asked, keep questions under names; and, behind another scope, who asked what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, Final, TypeVar

from litestar import Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler

from contracts.sql_views import (
    AskedPage,
    CatalogView,
    SavedQueriesView,
    SavedQueryView,
    SavedQuestion,
    SqlQuestion,
    SqlView,
)
from query_api.adhoc.answering import MEDIA_TYPES
from query_api.negotiation import choose_media_type
from query_api.pages import read_cursor
from query_api.parameters import AboutAsked, AboutSavedQuery, AboutSql, AnyRequest, Question, body_of, question_of
from query_api.questions import ASKED, AskedAsked
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of
from runtime.auth import Principal
from runtime.http.framework import ProblemException
from runtime.http.problems import problem_of
from runtime.shutdown import end_all

T = TypeVar("T")


@post(
    "/sql",
    status_code=200,
    opt=described(
        AboutSql,
        SqlView,
        Refusal.SQL_NOT_ALLOWED,
        Refusal.SQL_FAILED,
        Refusal.SQL_OVER_LIMIT,
        Refusal.NOT_ACCEPTABLE,
        Refusal.INVALID_BODY,
        takes=SqlQuestion,
        media_types=MEDIA_TYPES[1:],
    ),
)
async def ask_sql(request: AnyRequest) -> Response[bytes]:
    """Answer one SELECT over the catalog's views, as of now or of a past position; `Accept` chooses the format.

    The answer comes whole or not at all. Every question is kept on record with who asked it and what became of it.
    """
    asked = question_of(request, AboutSql)
    media_type = choose_media_type(request.headers.get("accept"), MEDIA_TYPES)
    question = body_of(await request.body(), SqlQuestion)
    asking = parts_of(request).adhoc.asking
    answer = await while_connected(
        request,
        asking.ask(
            principal_of(request), question, media_type=media_type, fresh=asked.fresh, position=asked.as_of_position
        ),
    )
    headers = {
        "vary": "accept",
        "as-of-position": str(answer.as_of.position),
        "truncated": "true" if answer.truncated else "false",
    }
    return Response(answer.body, media_type=media_type, headers=headers)


@get("/catalog", opt=described(Question, CatalogView))
async def read_catalog(request: AnyRequest) -> CatalogView:
    """List the views with their columns and example questions, and the functions."""
    question_of(request, Question)
    return parts_of(request).adhoc.asking.catalog


@get("/saved-queries", opt=described(Question, SavedQueriesView, Refusal.SOURCE_UNAVAILABLE))
async def list_saved_queries(request: AnyRequest) -> SavedQueriesView:
    """List the tenant's saved queries."""
    question_of(request, Question)
    return await parts_of(request).adhoc.saved.read_all(principal_of(request).tenant)


@get(
    "/saved-queries/{name:str}",
    opt=described(AboutSavedQuery, SavedQueryView, Refusal.SAVED_QUERY_NOT_FOUND, Refusal.SOURCE_UNAVAILABLE),
)
async def read_saved_query(request: AnyRequest) -> SavedQueryView:
    """Read one of the tenant's saved queries."""
    name = question_of(request, AboutSavedQuery).name
    return await parts_of(request).adhoc.saved.read(principal_of(request).tenant, name)


@put(
    "/saved-queries/{name:str}",
    opt=described(
        AboutSavedQuery,
        SavedQueryView,
        Refusal.TOO_MANY_SAVED_QUERIES,
        Refusal.SOURCE_UNAVAILABLE,
        Refusal.INVALID_BODY,
        takes=SavedQuestion,
    ),
)
async def save_query(request: AnyRequest) -> SavedQueryView:
    """Keep a question under a name, in place of what was there.

    It is looked at when it is asked, not when it is saved.
    """
    name = question_of(request, AboutSavedQuery).name
    question = body_of(await request.body(), SavedQuestion)
    return await parts_of(request).adhoc.saved.save(principal_of(request), name, question)


@delete(
    "/saved-queries/{name:str}",
    status_code=204,
    opt=described(AboutSavedQuery, None, Refusal.SAVED_QUERY_NOT_FOUND, Refusal.SOURCE_UNAVAILABLE),
)
async def delete_saved_query(request: AnyRequest) -> None:
    """Remove one of the tenant's saved queries."""
    name = question_of(request, AboutSavedQuery).name
    await parts_of(request).adhoc.saved.delete(principal_of(request).tenant, name)


@get("/sql/audit", opt=described(AboutAsked, AskedPage, Refusal.CURSOR_INVALID, Refusal.SOURCE_UNAVAILABLE))
async def list_asked(request: AnyRequest) -> AskedPage:
    """List the questions that the tenant's people asked, newest first, and how each ended.

    A question without an outcome is running, or its process died.
    """
    asked = question_of(request, AboutAsked)
    wanted = AskedAsked(
        tenant=principal_of(request).tenant, subject=asked.subject, outcome=asked.outcome, limit=asked.limit
    )
    if asked.cursor is not None:
        wanted = wanted.after(read_cursor(asked.cursor, int, listing=ASKED, filters=wanted.filters))
    return await parts_of(request).adhoc.record.read_page(wanted)


def principal_of(request: AnyRequest) -> Principal:
    """Give the caller."""
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
    return principal


async def while_connected(request: AnyRequest, work: Awaitable[T]) -> T:
    """Do the work, but not for a client that has left: then it is cancelled, which kills what it started.

    Raises ProblemException (client_left), which nobody reads.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_all([working, leaving])
    if working.cancelled():
        raise ProblemException(problem_of(408, "the client left before the answer", code="client_left"))
    return working.result()


async def _left(request: AnyRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":  # the body was read; only the end is left to say
        pass


class SqlRoutes:
    """Some of the routes behind one scope, as a module of routes has them."""

    def __init__(self, scope: str, *routes: HTTPRouteHandler) -> None:
        self.SCOPE: Final = scope
        self.ROUTES: Final[Sequence[Any]] = routes


GROUPS: Final = (
    SqlRoutes("sql:run", ask_sql, read_catalog, list_saved_queries, read_saved_query, save_query, delete_saved_query),
    SqlRoutes("sql:audit", list_asked),
)
