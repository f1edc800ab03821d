"""The supervisor: restarts what dies, says why something did not start, leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cli.devstack.supervisor import Service, StartFailed, Supervisor
from tests.cli.conftest import is_alive, wait_until

FAST_RESTART_S = 1.0


async def _at_once() -> bool:
    return True


def _python(name: str, code: str, *, stop_within_s: float = 5.0) -> Service:
    return Service(name=name, argv=(sys.executable, "-c", code), ready=_at_once, stop_within_s=stop_within_s)


SLEEPER = _python("sleeper", "import time; time.sleep(600)")


@pytest_asyncio.fixture(loop_scope="session")
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    """A supervisor without servers."""
    supervisor = Supervisor(tmp_path)
    yield supervisor
    await supervisor.stop()


async def test_a_killed_process_is_back_within_a_second(supervisor: Supervisor) -> None:
    """The first restart is nearly immediate."""
    await supervisor.start(SLEEPER)
    dead = supervisor.signal("sleeper", signal.SIGKILL)
    fresh = await supervisor.wait_restarted("sleeper", after_pid=dead, within_s=FAST_RESTART_S)
    assert is_alive(fresh)
    assert [(p.state, p.restarts) for p in supervisor.processes()] == [("ready", 1)]


async def test_a_process_that_keeps_dying_is_restarted_with_growing_pauses(supervisor: Supervisor) -> None:
    """A broken process must not eat the machine."""
    await supervisor.start(_python("mayfly", "import time; time.sleep(0.05)"))
    await asyncio.sleep(2.0)  # the time in which restarts are counted
    restarts = supervisor.processes()[0].restarts
    assert 2 <= restarts <= 6


async def test_a_process_that_does_not_start_is_explained_by_its_log(supervisor: Supervisor) -> None:
    """The end of the log is in the error, so nobody has to look for it."""

    async def never() -> bool:
        return False

    service = Service(name="broken", argv=(sys.executable, "-c", "raise SystemExit('no such ledger')"), ready=never)
    with pytest.raises(StartFailed, match=r"(?s)broken.*exit code 1.*no such ledger"):
        await supervisor.start(service)
    assert supervisor.processes()[0].state == "failed"


async def test_a_process_that_ignores_its_signal_is_killed(supervisor: Supervisor) -> None:
    """Stopping has an end."""
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    await supervisor.start(_python("deaf", deaf, stop_within_s=0.2))
    await wait_until(lambda: "deaf" in supervisor.log_file("deaf").read_text())
    pid = supervisor.processes()[0].pid
    await supervisor.stop()
    assert pid is not None
    assert not is_alive(pid)


async def test_processes_stop_in_reverse_order(supervisor: Supervisor) -> None:
    """What depends on a server ends before the server."""
    ended: list[str] = []
    watched = Supervisor(
        supervisor.log_file("x").parent,
        on_change=lambda: ended.extend(
            p.name for p in watched.processes() if p.state == "stopped" and p.name not in ended
        ),
    )
    for name in ("first", "second", "third"):
        await watched.start(_python(name, "import time; time.sleep(600)"))
    await watched.stop()
    assert ended == ["third", "second", "first"]
