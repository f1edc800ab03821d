"""Schema `projections`: the versions of the read models, what operators ask of them, and how they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import asyncpg
import msgspec

from contracts.projections import Action, OperationState, Role, State, Visibility, Wanted
from runtime.sql_files import load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")
# Whoever took a request and has not answered by then has died, or compares something large; doing it twice is harmless.
TAKEN_FOR_S: Final = 120.0


class ControlUnreachable(Exception):
    """The table of versions does not answer now. What is being projected goes on."""


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a model. ``head``: where the book ended when it began, for its progress."""

    model: str
    version: int
    layout: int
    role: Role = "serving"
    wanted: Wanted = "running"
    head: int = 0
    role_since: datetime | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What names it."""
        return self.model, self.version

    @property
    def is_serving(self) -> bool:
        """Whether readers are pointed at it."""
        return self.role == "serving"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator asked. ``version``: which it is about, where there is a choice."""

    number: int
    model: str
    action: Action
    version: int | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How a version is. ``failure``: category, position of the event it stands still before, and the reason.

    ``position`` None: as it was when last it ran.
    """

    model: str
    version: int
    state: State
    position: int | None = None
    applied_per_s: float = 0.0
    failure: tuple[str, int, str] | None = None
    visible: Visibility | None = None


class Reports(Protocol):
    """Where reports go."""

    async def keep(self, reports: Iterable[Report]) -> None:
        """Keep what is said of each version, in place of what was said before. Raises ControlUnreachable."""
        ...


class ReportTable:
    """The reports alone, as bursar_projector or bursar_reactor."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def keep(self, reports: Iterable[Report]) -> None:
        """Keep what is said of each version, in place of what was said before. Raises ControlUnreachable."""
        rows = [_row_of(report) for report in reports]
        if rows:
            with reachable():
                await self._pool.executemany(QUERIES["upsert_report"], rows)


class VersionTable(ReportTable):
    """The whole schema, as bursar_projector. Every method raises ControlUnreachable."""

    async def read(self) -> list[Build]:
        """Read every version there is."""
        with reachable():
            rows = await self._pool.fetch(QUERIES["list_builds"])
        return [msgspec.convert(dict(row), Build) for row in rows]

    async def add(self, build: Build) -> None:
        """Add a version, unless it is there."""
        with reachable():
            await self._pool.execute(
                QUERIES["insert_build"], build.model, build.version, build.layout, build.role, build.head
            )

    async def want(self, build: Build, wanted: Wanted) -> None:
        """Say whether a version is to be kept up."""
        with reachable():
            await self._pool.execute(QUERIES["change_wanted"], *build.key, wanted)

    async def promote(self, model: str) -> None:
        """Let the candidate serve; what served is retired, what was retired is dropped."""
        with reachable():
            await self._pool.execute(QUERIES["promote"], model)

    async def roll_back(self, model: str) -> None:
        """Let the retired version serve again; what served is retired."""
        with reachable():
            await self._pool.execute(QUERIES["roll_back"], model)

    async def give_up(self, build: Build) -> None:
        """Say that a version which does not serve is to be dropped."""
        with reachable():
            await self._pool.execute(QUERIES["give_up"], *build.key)

    async def forget(self, build: Build) -> None:
        """Take a version out that was dropped."""
        with reachable():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(QUERIES["delete_report"], *build.key)
                await connection.execute(QUERIES["delete_build"], *build.key)

    async def take_request(self, model: str) -> Request | None:
        """Take the oldest request about a model that nobody works on; it is the caller's for TAKEN_FOR_S."""
        with reachable():
            row = await self._pool.fetchrow(QUERIES["take_request"], model, TAKEN_FOR_S)
        if row is None:
            return None
        return Request(number=row["request_no"], model=model, action=row["action"], version=row["version"])

    async def end_request(
        self, request: Request, state: OperationState, detail: str, result: msgspec.Struct | None
    ) -> None:
        """Say what came of a request."""
        written = None if result is None else msgspec.json.encode(result).decode()
        with reachable():
            await self._pool.execute(QUERIES["end_request"], request.number, state, detail, written)


def _row_of(report: Report) -> tuple[object, ...]:
    visible = report.visible
    return (
        report.model,
        report.version,
        report.state,
        report.position,
        report.applied_per_s,
        *(report.failure or (None, None, None)),
        None if visible is None else [visible.p50, visible.p99, visible.p999],
        0 if visible is None else visible.events,
    )


@contextmanager
def reachable() -> Iterator[None]:
    """Turn what the driver raises into ControlUnreachable."""
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        remedy = "; run `bursar migrate`" if isinstance(error, asyncpg.UndefinedTableError) else ""
        reason = str(error) or type(error).__name__
        raise ControlUnreachable(f"the table of versions does not answer: {reason}{remedy}") from error
