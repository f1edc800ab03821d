"""One set of real servers for the tests that only look, and ways to watch processes from outside."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cli.devstack import Servers, running_servers
from cli.options import child_environment

POLL_S = 0.05
GONE_WITHIN_S = 20.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Servers of this module alone, which its tests may hurt."""
    async with running_servers(tmp_path_factory.mktemp("stack")) as servers:
        yield servers


def is_alive(pid: int) -> bool:
    """Tell whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def wait_until(condition: Callable[[], bool], *, within_s: float = GONE_WITHIN_S) -> None:
    """Poll until the condition holds; raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(POLL_S)


def processes_of(folder: Path) -> list[int]:
    """Return the pids of processes whose command line or open socket folder mentions `folder`, except this one."""
    return [
        pid for pid in _pids() if str(folder).encode() in _command_line(pid) and pid != os.getpid() and is_alive(pid)
    ]


async def bursar(*arguments: str) -> tuple[int, str]:
    """Run the command line as a user would, from anywhere; returns exit code and everything it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli", *arguments, cwd="/", env=child_environment(), stdout=PIPE, stderr=PIPE
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode() + errors.decode()


async def bursar_json(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command that prints one JSON object; returns exit code and object."""
    code, output = await bursar(*arguments)
    return code, json.loads(output)


def _pids() -> Iterable[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
