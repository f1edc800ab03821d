"""Children end: at their limits, when somebody kills them, when they crash, when nobody waits for them any more."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from contracts.views import AsOf
from query_api.adhoc.answering import JSON
from query_api.adhoc.children import WAITING_MAX, Children
from query_api.adhoc.jobs import Allowance, Job, Reply
from query_api.refusals import ReadRefused, Refusal
from tests.query_api.adhoc.bombs import BOMBS

LIMIT_S = 0.5
COMPUTING_TICKS = 5
GRACE_S = 60.0  # for a busy machine to start a process, and to notice that one is gone
PATIENT = Allowance(timeout_s=GRACE_S)
SLOW = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"
NORMAL = "SELECT sum(position) FROM entries"
DEFINITIONS = ("CREATE VIEW entries AS SELECT range AS position FROM range(200)",)
AS_OF = AsOf(ledger="main", position=1, recorded_at=None, age_s=None, source="lake")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")


def job(sql: str) -> Job:
    return Job(
        sql=sql,
        parameters={},
        rows_max=10,
        media_type=JSON,
        views=("entries",),
        definitions=DEFINITIONS,
        as_of=AS_OF,
    )


@pytest.fixture
async def children(tmp_path: Path) -> AsyncIterator[Children]:
    running = Children(tmp_path, Allowance(timeout_s=LIMIT_S), at_once=2)
    yield running
    await running.close()
    assert await eventually(lambda: not pids_below(tmp_path))


async def test_every_bomb_ends_at_its_limit_and_the_next_question_is_answered(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two by two. The limit of time is kept by the clock of the parent, whatever the engine does."""
    ended: list[str] = []
    for pair in zip(BOMBS[::2], BOMBS[1::2], strict=True):
        ended += await asyncio.gather(*(end_of(children, sql) for sql in pair))
    assert set(ended) <= {"over_limit", Refusal.SQL_OVER_LIMIT}, dict(zip(BOMBS, ended, strict=True))
    monkeypatch.setattr(children, "_allowance", PATIENT)
    assert await answer_of(children, NORMAL) == "19900"


async def test_two_are_answered_at_once_and_too_many_are_told_to_come_back(children: Children) -> None:
    slow = [asyncio.create_task(end_of(children, SLOW)) for _ in range(2)]
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(end_of(children, NORMAL)) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    assert await end_of(children, NORMAL) == Refusal.TOO_BUSY
    assert set(await asyncio.gather(*slow)) == {Refusal.SQL_OVER_LIMIT}
    assert set(await asyncio.gather(*waiting)) <= {"answered", Refusal.TOO_BUSY}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGXCPU])
async def test_a_child_that_dies_is_an_answer_and_no_harm(
    children: Children, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """As the kernel's out-of-memory killer, a fault of the engine and the limit of processor time end one."""
    monkeypatch.setattr(children, "_allowance", PATIENT)
    pid = await spare_of(children)
    asked = asyncio.create_task(end_of(children, SLOW))
    await computing(pid)
    os.kill(pid, number)
    assert await asked == Refusal.SQL_OVER_LIMIT
    assert await answer_of(children, NORMAL) == "19900"


async def test_a_question_that_nobody_waits_for_is_killed(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_allowance", PATIENT)
    pid = await spare_of(children)
    asked = asyncio.create_task(children.ask(job(SLOW)))
    await computing(pid)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not Path(f"/proc/{pid}").exists()


async def test_a_child_serves_until_something_ran_and_then_never_again(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was only read can leave nothing behind; what ran may have."""
    monkeypatch.setattr(children, "_allowance", PATIENT)
    for _ in range(3):
        assert (await children.ask(job("DROP VIEW entries"))).outcome == "not_allowed"
    [reader] = pids_below(tmp_path)
    assert (await children.ask(job(NORMAL))).spent
    assert not Path(f"/proc/{reader}").exists()


async def test_a_child_holds_nothing_of_ours(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No environment, no open file but its pipes and the folder, its own session, and the kernel's walls."""
    monkeypatch.setattr(children, "_allowance", PATIENT)
    await children.ask(job("not sql"))
    [pid] = pids_below(tmp_path)
    process = Path(f"/proc/{pid}")
    assert sorted(process.joinpath("environ").read_bytes().split(b"\0")) == [
        b"",
        b"LC_ALL=C.UTF-8",
        b"MALLOC_ARENA_MAX=2",
    ]
    opened = [os.readlink(fd) for fd in process.joinpath("fd").iterdir()]
    assert [path for path in opened if not path.startswith("pipe:")] == []
    assert process.joinpath("cwd").resolve() == tmp_path.resolve()
    status = process.joinpath("status").read_text()
    assert "NoNewPrivs:\t1" in status
    limits = dict(line.rsplit(maxsplit=3)[:2] for line in process.joinpath("limits").read_text().splitlines()[1:])
    assert limits["Max file size"] == limits["Max core file size"] == limits["Max processes"] == "0"
    assert int(limits["Max address space"]) < 3 * 1024**3
    assert os.getsid(pid) == pid


async def test_without_the_kill_the_question_would_go_on(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: with a clock that is never up, the engine does not end it."""
    monkeypatch.setattr(children, "_allowance", PATIENT)
    asked = asyncio.create_task(end_of(children, SLOW))
    done, _ = await asyncio.wait({asked}, timeout=3 * LIMIT_S)
    assert not done
    asked.cancel()
    await asyncio.wait({asked}, timeout=GRACE_S)


async def end_of(children: Children, sql: str) -> str:
    """How a question ended."""
    try:
        return (await children.ask(job(sql))).outcome
    except ReadRefused as refused:
        return refused.refusal


async def answer_of(children: Children, sql: str) -> str:
    reply: Reply = await children.ask(job(sql))
    assert reply.outcome == "answered", reply.detail
    return reply.body.partition(b'"rows":[[')[2].partition(b"]]")[0].decode()


def pids_below(folder: Path) -> list[int]:
    """The children of this test that live."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = b"query_api.adhoc.child" in process.joinpath("cmdline").read_bytes()
            if is_ours and process.joinpath("cwd").resolve() == folder.resolve():
                found.append(int(process.name))
        except OSError:
            continue  # gone meanwhile
    return found


async def spare_of(children: Children) -> int:
    """The process that will have the next question, at rest."""
    await end_of(children, NORMAL)
    assert children._starting is not None
    await children._starting
    return children._spare[0].process.pid


async def computing(pid: int) -> None:
    """Return once a process that was at rest is not any more."""
    at_rest = ticks_of(pid)
    assert await eventually(lambda: ticks_of(pid) > at_rest + COMPUTING_TICKS)


def ticks_of(pid: int) -> int:
    """How long it has been on a processor, in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + GRACE_S
    while time.monotonic() < deadline:
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False
