"""The job that most contexts need: find what is due, and send the fitting command for each, once.

The command's key names the job, the subject and the deadline. So whoever sends it, and however often, it happens once;
and a subject that was moved to another deadline in the meantime is another wish.

    the command is    then
    ---------------   ----------------------------------------------------------------------------------
    taken             the subject is not due any more: its next state is in the book
    refused           noted; tried again under another key, soon if the refusal may pass, else rarely
    not answered      the next look sends the same key again
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from projectors.reactors.commands import Answer, Refused, Reply, Unavailable
from projectors.reactors.store import reachable
from projectors.reactors.tasks import LeaseLost
from projectors.timers.jobs import Fence, Job, timer_key
from projectors.timers.lease import QUERIES
from projectors.timers.metrics import TimerMetrics
from projectors.timers.schedules import Sweep

SWEEP_S: Final = 1.0
PAGE_SUBJECTS: Final = 500
COMMANDS_AT_ONCE: Final = 16
GRACE_S: Final = 0.25  # the command API's clock may be that much behind the database's
RETRYABLE_FIRST_S: Final = 2.0
RETRYABLE_MAX_S: Final = 900.0
FINAL_FIRST_S: Final = 60.0
FINAL_MAX_S: Final = 86_400.0

_log = structlog.get_logger(__name__)

Send = Callable[[str, dict[str, Any], str], Awaitable[Reply]]
"""Path, body, idempotency key."""


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of record whose deadline the timers watch, and the command that tells it that the deadline has come.

    ``path`` has ``{subject}`` where the record's id goes; ``body`` makes the command's body from id and deadline. Where
    a kind needs another command in another state, each has a Deadline of its own, with its ``states`` and a ``name``.
    """

    kind: str
    path: str
    states: tuple[str, ...] = ()
    name: str | None = None
    body: Callable[[str, datetime], dict[str, Any]] = lambda subject, due_at: {}
    every_s: float = SWEEP_S

    @property
    def job(self) -> str:
        """Name of the job that watches this kind."""
        return f"due_{self.name or self.kind}"


HOLDS: Final = Deadline(kind="hold", path="/v1/holds/{subject}/expire")
_QUERY_OF: Final = {HOLDS.kind: "find_due_holds"}  # holds have a table of their own; everything else is a record


class Due(NamedTuple):
    """A subject whose deadline has passed, and how often its command was refused."""

    subject: str
    due_at: datetime
    attempts: int


class DueSubjects:
    """Finds due subjects and notes refusals. Every method raises TargetUnreachable."""

    def __init__(self, pool: Any) -> None:
        """Use a pool of connections as bursar_reactor."""
        self._pool = pool

    async def page(self, deadline: Deadline, after: Due | None) -> list[Due]:
        """Return due subjects behind ``after``, the longest overdue first."""
        last = (after.due_at, after.subject) if after else (None, None)
        query = _QUERY_OF.get(deadline.kind, "find_due_records")
        kind = () if deadline.kind in _QUERY_OF else (deadline.kind, list(deadline.states))
        with reachable():
            rows = await self._pool.fetch(QUERIES[query], deadline.job, GRACE_S, *last, PAGE_SUBJECTS, *kind)
        return [Due(row["subject"], row["due_at"], row["attempts"]) for row in rows]

    async def note_refusal(self, job: str, due: Due, refused: Refused) -> float:
        """Put a subject off; return for how many seconds."""
        first_s, most_s = (RETRYABLE_FIRST_S, RETRYABLE_MAX_S) if refused.retryable else (FINAL_FIRST_S, FINAL_MAX_S)
        after_s = min(first_s * 2.0 ** min(due.attempts, 32), most_s)
        values = (job, due.subject, due.due_at, due.attempts + 1, after_s, f"{refused.status} {refused.code}")
        with reachable():
            await self._pool.execute(QUERIES["append_refusal"], *values)
        return after_s


class Watch:
    """Looks for one kind of deadline and says that it has come."""

    def __init__(self, deadline: Deadline, subjects: DueSubjects, send: Send, *, metrics: TimerMetrics) -> None:
        self._deadline = deadline
        self._subjects = subjects
        self._send = send
        self._metrics = metrics

    async def run(self, now: datetime, fence: Fence) -> None:
        """Go through everything that is due, once. Raises LeaseLost, TargetUnreachable."""
        after: Due | None = None
        oldest_s = 0.0
        while page := await self._subjects.page(self._deadline, after):
            oldest_s = max(oldest_s, (now - page[0].due_at).total_seconds())
            self._metrics.overdue_seconds.labels(self._deadline.job).set(oldest_s)
            await self._say(page, fence)
            after = page[-1]
            if len(page) < PAGE_SUBJECTS:
                break
        self._metrics.overdue_seconds.labels(self._deadline.job).set(oldest_s)

    async def _say(self, page: Sequence[Due], fence: Fence) -> None:
        """Send the commands of a page, COMMANDS_AT_ONCE at a time, and stop when nobody answers."""
        for start in range(0, len(page), COMMANDS_AT_ONCE):
            part = page[start : start + COMMANDS_AT_ONCE]
            await fence.require()
            answered = await asyncio.gather(*(self._say_one(due, fence) for due in part))
            if not any(answered):
                _log.warning("deadlines_unanswered", job=self._deadline.job, count=len(page) - start)
                return

    async def _say_one(self, due: Due, fence: Fence) -> bool:
        if not fence.held:
            raise LeaseLost(self._deadline.job)
        job = self._deadline.job
        key = timer_key(job, due.subject, due.due_at, attempts=due.attempts)
        path = self._deadline.path.format(subject=due.subject)
        reply = await self._send(path, self._deadline.body(due.subject, due.due_at), key)
        match reply:
            case Answer(replayed=True):
                self._metrics.commands.labels(job, "replayed").inc()
            case Answer():
                self._metrics.commands.labels(job, "taken").inc()
            case Refused():
                self._metrics.commands.labels(job, "refused").inc()
                after_s = await self._subjects.note_refusal(job, due, reply)
                _log.warning("deadline_refused", job=job, subject=due.subject, code=reply.code, after_s=after_s)
            case Unavailable():
                self._metrics.commands.labels(job, "unanswered").inc()
        return not isinstance(reply, Unavailable)


def watch_job(deadline: Deadline, subjects: DueSubjects, send: Send, *, metrics: TimerMetrics) -> Job:
    """Return the job that watches one kind of deadline."""
    watch = Watch(deadline, subjects, send, metrics=metrics)
    return Job(name=deadline.job, schedule=Sweep(every_s=deadline.every_s), run=watch.run)
