"""The parent's side: children started ahead of time, one question each, killed at the limit.

The clock of a question starts when a child has it. A child that runs out of time, that the kernel ended, or whose
client left is killed; nothing of it can reach the next question.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from query_api.adhoc import jobs
from query_api.adhoc.jobs import ANSWER_BYTES_MAX, Allowance, Job, Reply, Start
from query_api.refusals import ReadRefused, Refusal, SourceDown
from runtime.shutdown import end_all

WAITING_MAX: Final = 8  # questions that wait for a turn; one more is told to come back
TURN_WITHIN_S: Final = 5.0
START_WITHIN_S: Final = 60.0  # starting Python on a very busy machine
REPLY_BYTES_MAX: Final = ANSWER_BYTES_MAX + 1024 * 1024
LAST_WORDS_BYTES_MAX: Final = 2_000

_CHECKOUT: Final = Path(__file__).parents[2]
_PROGRAM: Final = """
import sys; sys.path.insert(0, sys.argv[1])
from query_api.adhoc.confinement import refuse_calls; refused = refuse_calls()
from query_api.adhoc.child import main; main(calls_refused=refused)
"""
_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}  # nothing of ours: it may hold secrets
_ENDED_BY_KERNEL: Final = (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ)

_log = structlog.get_logger(__name__)


class ChildLost(Exception):
    """A child ended without an answer."""

    def __init__(self, status: int | None, last_words: str = "") -> None:
        super().__init__(f"a child ended with {status}: {last_words}")
        self.status = status
        self.last_words = last_words


class Child:
    """One process, ready for a question."""

    def __init__(self, process: Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, start: Start) -> Child:
        """Start a process and wait until it is confined. Raises SourceDown."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _PROGRAM, str(_CHECKOUT)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            limit=REPLY_BYTES_MAX,
        )
        child = cls(process)
        try:
            async with asyncio.timeout(START_WITHIN_S):
                missing = jobs.decode_missing(await child._exchange(jobs.encode(start)))
        except (TimeoutError, ChildLost) as error:
            _log.error("sql_child_not_started", detail=str(error))
            await child.kill()
            raise SourceDown("ad-hoc SQL: its process does not start") from error
        except BaseException:
            await child.kill()
            raise
        if missing:
            _log.warning("sql_child_less_confined", missing=missing)
        return child

    async def ask(self, job: Job) -> Reply:
        """Hand over a job and wait for its reply. Raises ChildLost."""
        return jobs.decode_reply(await self._exchange(jobs.encode(job)))

    async def kill(self) -> None:
        """End it, whatever it does."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        transport: asyncio.BaseTransport = self.process._transport  # type: ignore[attr-defined]
        transport.close()  # the pipes; nobody else closes them when the reading was given up

    async def _exchange(self, message: bytes) -> bytes:
        source, answers = self.process.stdin, self.process.stdout
        assert source is not None
        assert answers is not None
        try:
            source.write(jobs.frame(message))
            await source.drain()
            length = int.from_bytes(await answers.readexactly(jobs.LENGTH_BYTES), "big")
            if length > REPLY_BYTES_MAX:
                raise ChildLost(None, f"it announced {length} bytes")
            return await answers.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ChildLost(await self.process.wait(), await self._last_words()) from error

    async def _last_words(self) -> str:
        errors = self.process.stderr
        assert errors is not None
        return (await errors.read(LAST_WORDS_BYTES_MAX)).decode(errors="replace")


class Children:
    """All children of one query API."""

    def __init__(self, folder: Path, allowance: Allowance, *, at_once: int) -> None:
        self._folder = folder
        self._allowance = allowance
        self._turns = asyncio.Semaphore(at_once)
        self._asked_max = at_once + WAITING_MAX
        self._asked = 0
        self._spare: list[Child] = []
        self._starting: asyncio.Task[None] | None = None

    async def ask(self, job: Job) -> Reply:
        """Answer a job in a child of its own.

        Raises ReadRefused (too_busy, sql_over_limit) and SourceDown. A cancelled call kills its child.
        """
        if self._asked >= self._asked_max:
            raise ReadRefused(Refusal.TOO_BUSY, f"{self._asked} questions are running or waiting already")
        self._asked += 1
        try:
            await self._take_turn()
            try:
                return await self._ask(job)
            finally:
                self._turns.release()
        finally:
            self._asked -= 1

    async def retire(self) -> None:
        """Throw away the spare child: the folder it may read is not the one that is there now."""
        while self._spare:
            await self._spare.pop().kill()

    async def close(self) -> None:
        """End all that wait; nothing may be running."""
        if self._starting is not None:
            await end_all([self._starting])
        await self.retire()

    async def _take_turn(self) -> None:
        try:
            async with asyncio.timeout(TURN_WITHIN_S):
                await self._turns.acquire()
        except TimeoutError:
            raise ReadRefused(Refusal.TOO_BUSY, "other questions are running; try again shortly") from None

    async def _ask(self, job: Job) -> Reply:
        child = self._spare.pop() if self._spare else await self._start()
        is_kept = False
        try:
            async with asyncio.timeout(self._allowance.timeout_s):
                reply = await child.ask(job)
            is_kept = not reply.spent and not self._spare
            return reply
        except TimeoutError:
            limit_s = self._allowance.timeout_s
            raise ReadRefused(Refusal.SQL_OVER_LIMIT, f"it took longer than {limit_s:g} s; ask for less") from None
        except ChildLost as lost:
            _log.warning("sql_child_lost", status=lost.status, detail=lost.last_words)
            why = "used more than it may" if lost.status in _ENDED_BY_KERNEL else "made its process end"
            raise ReadRefused(Refusal.SQL_OVER_LIMIT, f"the question {why}; ask for less") from lost
        finally:
            if is_kept:
                self._spare.append(child)
            else:
                await child.kill()
                self._start_spare()

    def _start_spare(self) -> None:
        """Have a child ready for the next question; starting one takes longer than most answers."""
        if not self._spare and (self._starting is None or self._starting.done()):
            self._starting = asyncio.create_task(self._add_spare())

    async def _add_spare(self) -> None:
        with suppress(SourceDown):  # the next question starts one itself and says what is wrong
            self._spare.append(await self._start())

    async def _start(self) -> Child:
        start = Start(folder=str(self._folder.resolve()), parent=os.getpid(), allowance=self._allowance)
        return await Child.start(start)
