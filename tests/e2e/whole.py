"""A running stack as its clients and its operator see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from cli.devstack import BURSAR_PROCESSES, DevStack
from cli.verify import Places, verify
from contracts.findings import Check
from tests.command_api.door import new_key

LEDGER = "main"
ANSWER_WITHIN_S = 30.0
POSITION_WITHIN_MS = 10_000
ASK_AGAIN_S = 0.2
SOUND_WITHIN_S = 45.0


class Whole:
    """All servers and processes, a client of each API, and the questions that an operator asks."""

    def __init__(self, stack: DevStack) -> None:
        self.stack = stack
        authorization = {"authorization": f"Bearer {stack.token()}"}
        self.commands = httpx2.AsyncClient(
            base_url=stack.url("command-api"), headers=authorization, timeout=ANSWER_WITHIN_S, trust_env=False
        )
        self.queries = httpx2.AsyncClient(
            base_url=stack.url("query-api"), headers=authorization, timeout=ANSWER_WITHIN_S, trust_env=False
        )

    @property
    def places(self) -> Places:
        """Where the book and its copies are."""
        servers = self.stack.servers
        return Places(
            ledger=LEDGER,
            database_url=servers.postgres_dsn(),
            nats_url=servers.nats_url,
            redis_url=servers.redis_url,
            lake_dir=str(servers.lake_dir),
        )

    @property
    def lake(self) -> Path:
        """The folder of the ledger's lake tables."""
        return self.stack.servers.lake_dir / LEDGER

    async def send(self, path: str, body: object, *, key: str | None = None) -> httpx2.Response:
        """Send a command that must be accepted."""
        answer = await self.commands.post(path, json=body, headers={"idempotency-key": key or new_key()})
        assert answer.status_code == 201, answer.text
        return answer

    async def open_accounts(self, *account_ids: str, **terms: object) -> None:
        """Open euro accounts of type liability, which may be overdrawn unless `terms` say otherwise."""
        for account_id in account_ids:
            account = {"account_id": account_id, "currency": "EUR", "account_type": "liability"}
            await self.send("/v1/accounts", {**account, "overdraft": "unlimited", **terms})

    async def ask(self, path: str, *, min_position: int, **parameters: object) -> dict[str, Any]:
        """Read something as of a position or later."""
        query = {"min_position": str(min_position), "wait_ms": str(POSITION_WITHIN_MS)}
        query |= {name: str(value) for name, value in parameters.items()}
        answer = await self.queries.get(path, params=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert body["as_of"]["position"] >= min_position
        return body

    async def failures(self) -> list[Check]:
        """Verify the book and all copies; gives the checks that failed."""
        _, checks = await verify(self.places)
        assert len(checks) >= 7
        return [check for check in checks if not check.ok]

    async def until_sound(self) -> None:
        """Wait until everything verifies: a copy that is just being made again is not there yet."""
        async with asyncio.timeout(SOUND_WITHIN_S):
            while await self.failures():
                await asyncio.sleep(ASK_AGAIN_S)

    @asynccontextmanager
    async def superuser(self) -> AsyncIterator[asyncpg.Connection[Any]]:
        """A session that no trigger stops: what somebody with the database's keys can do."""
        connection = await asyncpg.connect(self.stack.servers.postgres_dsn("postgres"))
        try:
            await connection.execute("SET session_replication_role = replica")
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def whole_stack(folder: Path) -> AsyncIterator[Whole]:
    """Start everything that `bursar up` starts, without the demo."""
    async with DevStack(folder, processes=BURSAR_PROCESSES) as stack:
        whole = Whole(stack)
        async with whole.commands, whole.queries:
            yield whole
