"""Every Python block of the client's README runs, in one program, against running servers."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.devstack import DevStack
from client.generator.places import SOURCES
from tests.architecture.tree import ROOT

README = ROOT / "client" / "README.md"
RUN_WITHIN_S = 90
pytestmark = pytest.mark.timeout(300)  # whichever comes first starts the stack, on a machine that may be busy
SAID = [
    r"xfer_\d+ at \d+",  # the transfer
    r"\d+ False",  # the call that was sent with a key of its own
    r"4900",  # read your own write
    r"\d+ debit 100",  # the statement, newest first
    r"\d+ credit 5000",
    r"\d+ \d+",  # a page of accounts
    r"\d+ \['level', 'currency'.*",  # the table
    r"insufficient_funds .+",
    r"-?4900",  # awaited
    r"customers:eva",
]


async def test_its_blocks_run_and_say_what_they_say(stack: DevStack, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 7
    program = tmp_path / "readme.py"
    program.write_text("\n".join(blocks), encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCES),
        "BURSAR_COMMANDS": stack.url("command-api"),
        "BURSAR_QUERIES": stack.url("query-api"),
        "BURSAR_TOKEN": stack.token(tenant="readme"),
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(program)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=RUN_WITHIN_S,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\n(?:.*\n)*".join(SAID), done.stdout), done.stdout
