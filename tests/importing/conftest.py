"""One whole stack for the tests of `bursar import`, and the command run as people run it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from cli.client import BursarClient, open_client
from cli.devstack import BURSAR_PROCESSES, DevStack
from cli.options import CHECKOUT, child_environment
from runtime.postgres import connect

MAPPING = CHECKOUT / "docs" / "examples" / "imports" / "pkdd99.toml"


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Its standard output, parsed."""
        return json.loads(self.stdout)


class Importer:
    """Runs `bursar import` against a stack."""

    def __init__(self, stack: DevStack, folder: Path) -> None:
        """Keep reports in `folder`."""
        self.stack = stack
        self.folder = folder
        self.report = folder / "refused.jsonl"

    async def start(self, file: Path, *, mapping: Path = MAPPING) -> asyncio.subprocess.Process:
        """Start an import and return its process."""
        data_dir = self.stack.servers.data.path
        argv = ["import", str(file), "--mapping", str(mapping), "--json", "--data-dir", str(data_dir)]
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "cli", *argv, "--report", str(self.report)),
            cwd=self.folder,
            env=child_environment(),
            stdout=PIPE,
            stderr=PIPE,
        )

    async def run(self, file: Path, *, mapping: Path = MAPPING) -> Ran:
        """Import and wait."""
        process = await self.start(file, mapping=mapping)
        stdout, stderr = await process.communicate()
        assert process.returncode is not None
        return Ran(process.returncode, stdout.decode(), stderr.decode())

    def refused(self) -> list[dict[str, Any]]:
        """The lines of the report."""
        return [json.loads(line) for line in self.report.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="package")
async def import_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevStack]:
    """Everything that `bursar up` runs, without the demo."""
    async with DevStack(tmp_path_factory.mktemp("import") / "stack", processes=BURSAR_PROCESSES) as stack:
        yield stack


@pytest.fixture
def importer(import_stack: DevStack, tmp_path: Path) -> Importer:
    """`bursar import` for one test."""
    return Importer(import_stack, tmp_path)


@pytest.fixture
async def commands(import_stack: DevStack) -> AsyncIterator[BursarClient]:
    """The command API, for what a test does beside the import."""
    token = import_stack.token()
    async with open_client(import_stack.url("command-api"), lambda: token) as client:
        yield client


@pytest.fixture
async def book(import_stack: DevStack) -> AsyncIterator[asyncpg.Connection]:
    """The book itself, to see what really happened."""
    connection = await connect(import_stack.servers.postgres_dsn("bursar_reader"), application_name="tests")
    try:
        yield connection
    finally:
        await connection.close()


async def balances_in(book: asyncpg.Connection, account_ids: list[str]) -> dict[str, int]:
    """Balances of accounts as the book has them."""
    rows = await book.fetch("SELECT account_id, posted_minor FROM accounts WHERE account_id = ANY($1)", account_ids)
    return {row["account_id"]: row["posted_minor"] for row in rows}


async def booked_references(book: asyncpg.Connection, references: list[str]) -> list[str]:
    """References of transfers in the book among the given, in order of position, as often as they occur."""
    rows = await book.fetch(
        "SELECT event->'data'->>'reference' AS reference FROM events"
        " WHERE event->>'type' = 'transfer_posted' AND event->'data'->>'reference' = ANY($1) ORDER BY position",
        references,
    )
    return [row["reference"] for row in rows]


async def head_of(book: asyncpg.Connection) -> int:
    """The position of the newest event."""
    position: int = await book.fetchval("SELECT position FROM head")
    return position
