"""The whole stack from outside: Ctrl-C, a killed supervisor, killed processes, `status` and `down`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from cli.devstack import DevStack
from cli.devstack.state import DataDir
from cli.options import CHECKOUT
from tests.cli.conftest import bursar, bursar_json, is_alive, processes_of, wait_until
from tests.cli.run_stack import STAND_IN

EVERYTHING = {"postgres", "nats", "valkey", "stand-in"}
READY_WITHIN_S = 60.0


@pytest_asyncio.fixture(loop_scope="session")
async def running(tmp_path: Path) -> AsyncIterator[tuple[DataDir, Process]]:
    """A stack in a process of its own, ready."""
    data = DataDir(tmp_path / "stack")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.cli.run_stack", str(data.path), cwd=CHECKOUT, stdout=PIPE, stderr=PIPE
    )
    await wait_until(lambda: data.read_state().ready or process.returncode is not None, within_s=READY_WITHIN_S)
    assert process.returncode is None, (await process.communicate())[1].decode()
    yield data, process
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    await process.wait()


async def test_ctrl_c_stops_everything_cleanly(running: tuple[DataDir, Process]) -> None:
    """No process is left, PostgreSQL was shut down in order, and the stack says where the data stays."""
    data, process = running
    pids = {p.name: p.pid for p in data.read_state().processes}
    assert set(pids) == EVERYTHING
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert f"the data stays in {data.path}" in output.decode()
    assert not any(is_alive(pid) for pid in pids.values() if pid)
    assert "database system is shut down" in (data.logs / "postgres.log").read_text()
    assert not data.is_running()


async def test_a_killed_supervisor_leaves_no_process(running: tuple[DataDir, Process]) -> None:
    """Even kill -9 of the parent ends its children, and the next start finds a free folder."""
    data, process = running
    process.kill()
    await process.wait()
    await wait_until(lambda: processes_of(data.path) == [])
    assert not data.is_running()


async def test_a_killed_process_is_back_and_counted(running: tuple[DataDir, Process]) -> None:
    """`state.json`, and so `status`, shows restarts."""
    data, _ = running
    before = {p.name: p for p in data.read_state().processes}
    for process in before.values():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    await wait_until(
        lambda: all(p.state == "ready" and p.restarts >= 1 for p in data.read_state().processes),
        within_s=READY_WITHIN_S,
    )
    assert {p.name for p in data.read_state().processes} == EVERYTHING


async def test_status_tells_addresses_token_and_processes_and_down_stops(running: tuple[DataDir, Process]) -> None:
    """What a script needs, as JSON; afterwards `status` says that nothing is ready."""
    data, process = running
    code, status = await bursar_json("status", "--json", "--data-dir", str(data.path))
    assert code == 0
    assert status["ready"] is True
    assert status["data_dir"] == str(data.path)
    assert {"stand_in", "postgres", "nats", "nats_monitor", "redis"} <= set(status["addresses"])
    assert {p["name"]: p["state"] for p in status["processes"]} == dict.fromkeys(EVERYTHING, "ready")
    assert status["positions"] == {"book": None, "stream": None, "read_models": {}}
    assert status["token"].count(".") == 2
    code, _ = await bursar("down", "--data-dir", str(data.path))
    assert code == 0
    assert await process.wait() == 0
    code, status = await bursar_json("status", "--json", "--data-dir", str(data.path))
    assert code == 3
    assert status["ready"] is False
    assert {p["state"] for p in status["processes"]} == {"stopped"}


async def test_a_second_up_says_so_and_prints_the_box(running: tuple[DataDir, Process]) -> None:
    """Starting twice harms nothing and answers the question that was meant."""
    data, _ = running
    code, output = await bursar("up", "--data-dir", str(data.path))
    assert code == 0
    assert "already running" in output
    assert data.read_state().addresses["postgres"] in output


async def test_wipe_deletes_only_a_folder_of_a_stack(tmp_path: Path) -> None:
    """A mistyped folder survives."""
    (tmp_path / "precious").write_text("mine")
    code, output = await bursar("down", "--wipe", "--data-dir", str(tmp_path))
    assert code == 1
    assert "not a stack's folder" in output
    assert (tmp_path / "precious").exists()


async def test_a_stack_in_this_process_has_an_address_per_process(tmp_path: Path) -> None:
    """The library form, as benchmarks and scenario tests use it."""
    async with DevStack(tmp_path, processes=(STAND_IN,), migrate=False) as stack:
        assert stack.ready
        first = stack.url("stand-in")
        assert await stack.kill("stand-in") > 0
        assert stack.url("stand-in") == first
    assert not stack.ready
