"""`bursar reports` against a query API over HTTP: what it prints, writes and says when it cannot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pyarrow.parquet
import pytest
import uvicorn
from click.testing import CliRunner, Result

from cli.reports import command
from tests.query_api.windows import Window

STARTED_WITHIN_S = 60.0


class Quiet(uvicorn.Server):
    """A server that leaves the signals of the tests' process alone."""

    def install_signal_handlers(self) -> None:
        """Install none."""


@pytest.fixture
async def asking(window: Window, tmp_path: Path) -> AsyncIterator[list[str]]:
    """The window on a port of its own, as options of the command."""
    server = Quiet(uvicorn.Config(window.app, host="127.0.0.1", port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server._serve())
    async with asyncio.timeout(STARTED_WITHIN_S):
        while not server.started:
            await asyncio.sleep(0.01)
    token = tmp_path / "token"
    token.write_text(window.token())
    port = server.servers[0].sockets[0].getsockname()[1]
    yield ["--query-api", f"http://127.0.0.1:{port}", "--token-file", str(token)]
    server.should_exit = True
    await serving


async def invoke(*arguments: str) -> Result:
    """Run the command as a person would, beside the loop that serves it."""
    return await asyncio.to_thread(CliRunner().invoke, command, list(arguments))


async def test_reports_are_listed_run_and_exported(asking: list[str], tmp_path: Path) -> None:
    listed = await invoke("list", *asking)
    assert listed.exit_code == 0, listed.output
    assert "balance-sheet" in listed.output
    assert "account_id*: The account." in listed.output

    printed = await invoke("run", "trial-balance", "-p", "currency=JPY", *asking)
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.splitlines()[0].startswith('"level","currency"')
    assert "customers:carol:jpy" in printed.stdout

    file = tmp_path / "statement.json"
    compared = await invoke(
        *("run", "income-statement", "-p", "from=2026-02-01", "-p", "to=2026-02-28"),
        *("--compare-to", "previous", "-o", str(file), *asking),
    )
    assert compared.exit_code == 0, compared.output
    assert json.loads(file.read_text())["parameters"]["compare_to"] == "2026-01-01..2026-01-31"

    exported = tmp_path / "ledger.parquet"
    made = await invoke("run", "general-ledger", "--export", "-o", str(exported), *asking)
    assert made.exit_code == 0, made.output
    assert "as of position 19" in made.output
    assert pyarrow.parquet.read_table(exported).num_rows == 12


async def test_what_cannot_be_answered_ends_with_the_reason(asking: list[str], tmp_path: Path) -> None:
    for arguments, reason in (
        (("run", "profit", *asking), "there is no report profit"),
        (("run", "trial-balance", "-p", "currency", *asking), "NAME=VALUE"),
        (("run", "trial-balance", "-p", "currency=EUR", "-p", "currency=JPY", *asking), "given twice"),
        (("run", "account-statement", "--export", *asking), "needs account_id"),
        (("list", "--query-api", "http://127.0.0.1:1"), "needs --token-file"),
        (("list", "--data-dir", str(tmp_path)), "no stack is running"),
    ):
        ended = await invoke(*arguments)
        assert ended.exit_code != 0
        assert reason in f"{ended.output} {ended.exception}", (arguments, ended.output)
