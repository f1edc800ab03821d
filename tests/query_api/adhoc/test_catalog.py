"""The catalog is what is there: every view runs, every column is documented, every example answers."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.devstack.ports import LOOPBACK, choose_ports
from cli.options import CHECKOUT
from contracts.sql_views import CatalogEntry
from query_api.catalog import Catalog
from runtime.server import serve_http
from runtime.shutdown import Shutdown
from tests.guides.typed import ROOT, blocks_of, script_of
from tests.query_api.adhoc.conftest import Ask
from tests.query_api.windows import Window

CATALOG = Catalog.load()
GUIDE = ROOT / "docs" / "guides" / "sql.md"
TYPED_WITHIN_S = 240
STARTED_WITHIN_S = 30
EXAMPLE_PARAMETERS = {"account_id": "customers:alice:eur"}
# What DuckDB calls the types of the catalog.
TYPES: Mapping[str, set[str]] = {
    "text": {"VARCHAR"},
    "integer": {"BIGINT", "HUGEINT", "SMALLINT", "INTEGER"},
    "date": {"DATE"},
    "timestamp": {"TIMESTAMP WITH TIME ZONE"},
}


@pytest.mark.parametrize("entry", CATALOG.entries, ids=lambda entry: entry.name)
async def test_a_view_has_exactly_the_columns_it_documents(ask: Ask, entry: CatalogEntry) -> None:
    found = (await ask(f"SELECT * FROM {entry.name}")).json()["columns"]
    documented = entry.columns
    assert [column["name"] for column in found] == [column.name for column in documented]
    wrong = [c.name for c, f in zip(documented, found, strict=True) if f["type"] not in TYPES[c.type]]
    assert wrong == []
    assert all(column.description and column.example for column in documented)
    assert {column.unit for column in documented} <= {"", "minor", "count", "ms"}
    assert all((column.unit == "minor") == column.name.endswith("_minor") for column in documented)


@pytest.mark.parametrize("entry", CATALOG.entries, ids=lambda entry: entry.name)
async def test_every_example_answers(ask: Ask, entry: CatalogEntry) -> None:
    examples = entry.examples
    assert examples
    for example in examples:
        parameters = {name: value for name, value in EXAMPLE_PARAMETERS.items() if f"${name}" in example.sql}
        answer = await ask(example.sql, parameters=parameters)
        assert answer.status_code == 200, (example.title, answer.text)


async def test_the_views_add_up(ask: Ask, window: Window) -> None:
    """Against the small bank's own figures."""
    rows = (await ask("SELECT account_id, posted_minor FROM accounts")).json()["rows"]
    assert dict(rows) == window.bank.posted
    assert (await ask("SELECT sum(balance_minor) FROM trial_balance GROUP BY currency")).json()["rows"] != []
    unbalanced = "SELECT currency FROM trial_balance GROUP BY currency HAVING sum(balance_minor) <> 0"
    assert (await ask(unbalanced)).json()["rows"] == []


async def test_the_questions_of_the_guide_are_answered(ask: Ask) -> None:
    questions = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(questions) == 3
    for question in questions:
        answer = await ask(question)
        assert answer.status_code == 200, (question, answer.text)
        assert answer.json()["rows"]


@pytest.fixture
async def served(window: Window, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """The window behind a real port, and what tells the commands about it."""
    shutdown = Shutdown()
    port = choose_ports(["query-api"], {}, data_dir=tmp_path)["query-api"]
    token = tmp_path / "token"
    token.write_text(window.token(), encoding="ascii")

    async def requests_only(scope: Any, receive: Any, send: Any) -> None:
        """The window lives on after this server: its life is not the server's."""
        if scope["type"] != "lifespan":
            await window.app(scope, receive, send)
            return
        for moment in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{moment}.complete"})

    serving = asyncio.create_task(serve_http(requests_only, host=LOOPBACK, port=port, shutdown=shutdown))
    yield {"BURSAR_QUERY_API": f"http://{LOOPBACK}:{port}", "BURSAR_TOKEN_FILE": str(token)}
    shutdown.request("the test is over")
    await serving


async def test_the_commands_of_the_guide_do_what_it_says(served: dict[str, str]) -> None:
    script = script_of(blocks_of(GUIDE.read_text(encoding="utf-8")), first={})
    said = await typed(script, served)
    for words in ("Trial balance", "signed_minor", "rows as of position", '"currency","scale"', '"truncated":false'):
        assert words in said, said
    assert "balance_minor" in said


async def test_a_refusal_ends_a_command_with_its_reason(served: dict[str, str]) -> None:
    script = f"{sys.executable} -P -m cli sql 'SELECT * FROM duckdb_settings()' 2>&1 || echo status $?"
    said = await typed(script, served)
    assert "sql_not_allowed" in said
    assert "status 1" in said


async def typed(script: str, environment: dict[str, str]) -> str:
    """Type into a shell."""
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", script],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
        capture_output=True,
        text=True,
        timeout=TYPED_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
