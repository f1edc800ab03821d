"""A ledger with projectors and a query API over real servers, and what tests ask of its read models."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import msgspec
from nats.aio.client import Client

from cli.devstack import Servers
from contracts.projection_views import (
    ComparisonView,
    OperationsView,
    OperationView,
    ProjectionLine,
    ProjectionsView,
)
from projectors.book import Book
from projectors.control.table import VersionTable
from projectors.run import Projectors
from projectors.settings import Settings
from query_api.app import Settings as QuerySettings
from query_api.app import create_app
from runtime.auth import DevIssuer, FileKeys
from runtime.jetstream import NatsLink, connect_nats
from runtime.metrics import create_registry
from runtime.postgres import create_pool
from runtime.redis_client import connect_redis
from runtime.shutdown import Shutdown
from tests.projectors.places import until
from tests.query_api.windows import name_ledger, running
from tests.support.book import Line, RandomBook, insert_lines, publish_lines

SCOPES = ("accounts:read", "projections:operate", "projections:read", "reports:read", "status:read")

WITHIN_S = 90.0
READ_PAUSE_S = 0.01  # projectors and query API share this process: readers must leave them a turn

_numbers = itertools.count(1)


@dataclass
class Stage:
    """One ledger's database, servers, query API and book; projectors run inside `projecting`."""

    ledger: str
    dsn_of: Callable[[str], str]
    servers: Servers
    lake_dir: Path
    owner: Any
    redis: Any
    nats: Client
    client: httpx2.AsyncClient
    issuer: DevIssuer
    book: RandomBook

    async def record(self, lines: Sequence[Line]) -> None:
        """Commit events to the book, and publish them as the relay does."""
        await insert_lines(self.owner, lines, ledger=self.ledger)
        await publish_lines(self.nats, lines, ledger=self.ledger)

    async def write(self, events: int) -> None:
        """Let something happen."""
        await self.record(self.book.write(events))

    def token(self, scopes: Iterable[str] = SCOPES) -> str:
        """Issue a token; by default one that may do everything here."""
        return self.issuer.issue("olga", "t1", scopes, [self.ledger], 600)

    async def view(self) -> ProjectionsView:
        """Read how everything is."""
        answer = await self.client.get("/v1/projections")
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=ProjectionsView)

    async def line(self, name: str) -> ProjectionLine | None:
        """Read how one version is; None when there is none of that name."""
        return next((line for line in (await self.view()).projections if line.name == name), None)

    async def serving(self, model: str) -> int:
        """Return which version of a model serves."""
        line = await self.line(model)
        assert line is not None
        return line.version

    async def in_state(self, name: str, state: str) -> ProjectionLine:
        """Wait until a version is in a state."""
        found: list[ProjectionLine] = []

        async def reached() -> bool:
            line = await self.line(name)
            found[:] = [line] if line is not None else []
            return line is not None and line.state == state

        await until(reached, f"{name} is {state}", within_s=WITHIN_S)
        return found[0]

    async def stopped(self, name: str, category: str) -> ProjectionLine:
        """Wait until a version is stopped for a reason; before its first report it is so because nobody reports it."""
        found: list[ProjectionLine] = []

        async def reached() -> bool:
            line = await self.line(name)
            found[:] = [line] if line is not None else []
            return line is not None and line.failure is not None and line.failure.category == category

        await until(reached, f"{name} is stopped: {category}", within_s=WITHIN_S)
        assert found[0].state == "stopped"
        return found[0]

    async def level(self, name: str) -> ProjectionLine:
        """Wait until a version has everything that is in the book."""
        position = self.book.position
        found: list[ProjectionLine] = []

        async def reached() -> bool:
            line = await self.line(name)
            found[:] = [line] if line is not None else []
            return line is not None and line.position == position

        await until(reached, f"{name} is at {position}", within_s=WITHIN_S)
        return found[0]

    async def ask(self, name: str, action: str, *, wait_ms: int = 10_000) -> httpx2.Response:
        """Ask something of a version."""
        return await self.client.post(f"/v1/projections/{name}/{action}", params={"wait_ms": str(wait_ms)})

    async def done(self, name: str, action: str) -> OperationView:
        """Ask something of a version, and expect that it is done, however long that takes."""
        answer = await self.ask(name, action)
        assert answer.status_code == 200, answer.text
        asked = msgspec.json.decode(answer.content, type=OperationView)
        newest = asked

        async def ended() -> bool:
            nonlocal newest
            answer = await self.client.get("/v1/projections/operations")
            operations = msgspec.json.decode(answer.content, type=OperationsView).operations
            newest = next(one for one in operations if one.id == asked.id)
            return newest.ended_at is not None

        await until(ended, f"{action} of {name} has ended", within_s=WITHIN_S)
        assert newest.state == "done", newest
        return newest

    async def refused(self, name: str, action: str) -> str:
        """Ask something of a version, and expect that it is refused; return why."""
        answer = await self.ask(name, action)
        assert answer.status_code == 409, answer.text
        problem: dict[str, Any] = msgspec.json.decode(answer.content)
        assert problem["code"] == "operation_refused"
        return str(problem["detail"])

    async def compare(self, name: str) -> ComparisonView:
        """Compare a model's versions."""
        await self.done(name, "compare")
        answer = await self.client.get(f"/v1/projections/{name}/compare")
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=ComparisonView)

    @asynccontextmanager
    async def projecting(self, *, with_table: bool = True) -> AsyncIterator[Projectors]:
        """Run projectors as their process does, for the length of the block; what ends them unasked fails the test."""
        settings = Settings(
            database_url=self.dsn_of("bursar_reader"),
            nats_url=self.servers.nats_url,
            redis_url=self.servers.redis_url,
            lake_dir=str(self.lake_dir),
            ledger=self.ledger,
            lake_flush_s=0.1,
        )
        pool = await create_pool(settings.database_url, application_name="tests", size_max=6)
        control = await create_pool(self.dsn_of("bursar_projector"), application_name="tests", size_max=2)
        registry = create_registry()
        link = NatsLink(settings.nats_url, name="tests", shutdown=Shutdown(), registry=registry)
        projectors = Projectors(
            settings,
            Book(pool, ledger=self.ledger),
            link,
            registry=registry,
            table=VersionTable(control) if with_table else None,
        )
        tasks = [asyncio.create_task(task) for task in projectors.tasks().values()]
        try:
            yield projectors
            for task in tasks:
                assert not task.done(), task.exception()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await projectors.close()
            await link.close()
            await control.close()
            await pool.close()


@asynccontextmanager
async def make_stage(servers: Servers, template: str, folder: Path) -> AsyncIterator[Stage]:
    """Make a ledger with a query API; its book is empty."""
    ledger = f"stage_{next(_numbers)}"
    async with servers.database(ledger, template=template) as dsn_of:
        await name_ledger(dsn_of("bursar_owner"), ledger)
        issuer = DevIssuer(folder)
        settings = QuerySettings(
            ledger=ledger,
            environment="development",
            database_url=dsn_of("bursar_reader"),
            operations_database_url=dsn_of("bursar_operator"),
            redis_url=servers.redis_url,
            nats_url=servers.nats_url,
            lake_dir=str(folder / "lake"),
            jwks_file=str(issuer.jwks_file),
            token_issuer=issuer.issuer,
            token_audience=issuer.audience,
        )
        app: Any = create_app(settings, keys=FileKeys(issuer.jwks_file), shutdown=Shutdown())
        owner = await asyncpg.connect(dsn_of("bursar_owner"))
        redis: Any = await connect_redis(servers.redis_url)
        nats = await connect_nats(servers.nats_url, name="tests", on_closed=lambda: None)
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://query-api")
        try:
            async with running(app), client:
                stage = Stage(
                    ledger=ledger,
                    dsn_of=dsn_of,
                    servers=servers,
                    lake_dir=folder / "lake",
                    owner=owner,
                    redis=redis,
                    nats=nats,
                    client=client,
                    issuer=issuer,
                    book=RandomBook(seed=11, ledger=ledger),
                )
                client.headers["authorization"] = f"Bearer {stage.token()}"
                yield stage
        finally:
            await nats.close()
            await redis.aclose()
            await owner.close()


async def while_reading(read: Callable[[], Awaitable[None]], work: Awaitable[Any], *, readers: int = 2) -> int:
    """Read again and again while something is done; return how often, and raise the first reader's failure."""
    reads = 0
    ended = asyncio.Event()

    async def reader() -> None:
        nonlocal reads
        while not ended.is_set():  # ends with the work
            await read()
            reads += 1
            await asyncio.sleep(READ_PAUSE_S)

    async with asyncio.TaskGroup() as group:
        for _ in range(readers):
            group.create_task(reader())
        try:
            await work
        finally:
            ended.set()
    return reads
