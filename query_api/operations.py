"""What is asked of the read models, by whom, and what came of it; and which reactions wait for a person.

A request is a row in PostgreSQL, which whoever keeps the model finds and answers. It is written as a role that may do
nothing else, and it stays, so that everybody sees who did what.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import nats.errors
import structlog
from nats.aio.client import Client

from contracts.projection_views import ComparisonView, OperationsView, OperationView, ParkedTask, ParkedView
from contracts.projections import MODEL_OF, Action, Comparison
from contracts.subjects import projections_subject
from query_api.book import READ_TIMEOUT_S, Pool
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.sources import Source
from runtime.auth import Principal
from runtime.clock import Clock
from runtime.sql_files import load_queries

LOOK_S: Final = 0.05
OPERATIONS_SHOWN: Final = 100
PARKED_SHOWN: Final = 500

_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "projections.sql")
_UNANSWERED: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

_log = structlog.get_logger(__name__)


class Operations:
    """Requests about the read models of one ledger. Methods raise ReadRefused.

    ``pool``: of connections as bursar_reader; ``asking``: as bursar_operator, None where nothing may be asked.
    """

    def __init__(
        self, *, ledger: str, pool: Source[Pool], asking: Source[Pool] | None, nats: Source[Client], clock: Clock
    ) -> None:
        self._ledger = ledger
        self._pool = pool
        self._asking = asking
        self._nats = nats
        self._clock = clock

    async def ask(self, name: str, action: Action, principal: Principal, *, wait_s: float) -> OperationView:
        """Ask something of a version and wait a while for what comes of it."""
        model, version = _named(name)
        if action not in MODEL_OF[model].actions:
            able = ", ".join(MODEL_OF[model].actions)
            raise ReadRefused(Refusal.OPERATION_REFUSED, f"{model} cannot be asked to {action}, but: {able}")
        if self._asking is None:
            raise ReadRefused(
                Refusal.SOURCE_UNAVAILABLE, "this query API only looks at read models; set its operations_database_url"
            )
        number: int = await ask_table(
            self._asking, "insert_request", principal.tenant, principal.subject, model, action, version, one=True
        )
        await self._wake()
        deadline = self._clock.monotonic() + wait_s
        while True:  # ends at the deadline at the latest
            [row] = await ask_table(self._pool, "read_request", number)
            if row["ended_at"] is not None or self._clock.monotonic() >= deadline:
                return _operation_of(row)
            await asyncio.sleep(LOOK_S)

    async def newest(self) -> OperationsView:
        """Read what was asked lately."""
        rows = await ask_table(self._pool, "list_requests", OPERATIONS_SHOWN)
        return OperationsView(operations=tuple(_operation_of(row) for row in rows))

    async def comparison(self, name: str) -> ComparisonView:
        """Read the newest comparison of a model's versions. Raises ReadRefused when there is none."""
        model, _ = _named(name)
        rows = await ask_table(self._pool, "read_newest_comparison", model)
        if not rows:
            raise ReadRefused(Refusal.PROJECTION_NOT_FOUND, f"no versions of {model} were compared yet; ask for it")
        result = rows[0]["result"]
        return ComparisonView(
            operation=_operation_of(rows[0]),
            comparison=None if result is None else msgspec.json.decode(result, type=Comparison),
        )

    async def parked(self) -> ParkedView:
        """Read which reactions wait for a person."""
        rows = await ask_table(self._pool, "list_parked", PARKED_SHOWN)
        total: int = await ask_table(self._pool, "count_parked", one=True)
        return ParkedView(tasks=tuple(msgspec.convert(dict(row), ParkedTask) for row in rows), total=total)

    async def _wake(self) -> None:
        """Wake whoever keeps the models; unheard, they find the request within a second."""
        try:
            await self._nats.get().publish(projections_subject(self._ledger), b"")
        except (SourceDown, nats.errors.Error) as error:
            _log.info("wake_unsent", detail=str(error))


def _named(name: str) -> tuple[str, int | None]:
    """Take a name apart: the model, and the version where it names one. Raises ReadRefused."""
    model, _, version = name.partition(".v")
    if model not in MODEL_OF:
        known = ", ".join(MODEL_OF)
        raise ReadRefused(Refusal.PROJECTION_NOT_FOUND, f"there is no read model {model}; there are {known}")
    return model, int(version) if version else None


async def ask_table(pool: Source[Pool], query: str, *arguments: object, one: bool = False) -> Any:
    """Run a query, for its rows or for one value. Raises ReadRefused."""
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            connected = pool.get()
            run = connected.fetchval if one else connected.fetch
            return await run(_QUERIES[query], *arguments)
    except asyncpg.UndefinedTableError as error:
        raise SourceDown(
            "PostgreSQL: the schema of the read models' versions is missing; run `bursar migrate`"
        ) from error
    except (*_UNANSWERED, SourceDown) as error:
        raise ReadRefused(
            Refusal.SOURCE_UNAVAILABLE, f"PostgreSQL: does not answer ({type(error).__name__})"
        ) from error


def _operation_of(row: Any) -> OperationView:
    return OperationView(
        id=row["request_no"],
        model=row["model"],
        version=row["version"],
        action=row["action"],
        state=row["state"],
        detail=row["detail"],
        asked_by=row["subject"],
        asked_at=row["asked_at"],
        ended_at=row["ended_at"],
    )
