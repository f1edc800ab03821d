"""Group commit: one task drains the queue into batches, decides each in memory, writes it in one transaction, answers.

At most one batch is being written while the next is decided on top of it. Three things can go wrong with a write:

* another process moved the head first: nothing was written; decide again under the head's lock;
* the connection broke: whether it was committed is unknown; connect again and decide again, and the idempotency keys
  say what had happened;
* the database refused a row: the state in memory or the code is wrong; decide again from the book, and if that fails
  too, split the batch until the one submission to blame is alone and is told that it is our fault.

In each case everything decided on top is thrown away with the state in memory.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import asyncpg
import structlog

from contracts.rejections import Refused
from ledger.domain.state import State
from ledger.metrics import SequencerMetrics
from ledger.sequencer.deciding import BatchDecision, Decided, RenderRefusal
from ledger.sequencer.loading import load_for
from ledger.sequencer.queue import Declined, Submission, SubmissionQueue, Unavailable
from ledger.store.append import HeadMoved, append_batch
from ledger.store.load import Head, lock_head, read_head
from runtime.clock import Clock

KEYS_LOGGED_MAX: Final = 5
STATES_CACHED_MAX: Final = 300_000  # accounts, holds and reversed transfers in memory: about 150 MB
SLICE_COMMANDS: Final = 50  # decided between two looks at the socket: under a millisecond
WRITE_ATTEMPTS_MAX: Final = 6
WRITE_PAUSE_S: Final = 0.2
SILENCE_S_MAX: Final = 10.0  # a connection that has not done its work by then is dead
WAKE_S_MAX: Final = 0.5  # the relay polls; waking it must not hold up the ledger
CONNECTION_FAULTS: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
LASTING_FAULTS: Final = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
WRITE_FAULTS: Final = (HeadMoved, *CONNECTION_FAULTS, asyncpg.PostgresError)

log = structlog.get_logger(__name__)

Connect = Callable[[], Awaitable[asyncpg.Connection]]
Committed = Callable[[int], Awaitable[None]]


class Sequencer:
    """The one order of a ledger, as seen by this process. ``run`` it in one task; ``submit`` from many."""

    def __init__(  # noqa: PLR0913 - composition: each part by name
        self,
        *,
        ledger: str,
        connect: Connect,
        clock: Clock,
        render: RenderRefusal,
        committed: Committed,
        metrics: SequencerMetrics,
        queue: SubmissionQueue,
    ) -> None:
        self._ledger = ledger
        self._connect = connect
        self._clock = clock
        self._render = render
        self._committed = committed
        self._metrics = metrics
        self._queue = queue
        self._writer: asyncpg.Connection | None = None
        self._reader: asyncpg.Connection | None = None
        self._cache = State()
        self._head: Head | None = None
        self._ahead: Decided | None = None  # being written; what comes next is decided on top of it

    def submit(self, *submissions: Submission) -> None:
        """Hand in submissions, all or none; their futures get the outcomes. Raises QueueFull or Unavailable at once."""
        self._queue.put(*submissions)
        self._metrics.commands_waiting.set(self._queue.commands_waiting)

    async def run(self) -> None:
        """Work until the queue is closed and drained."""
        writing: asyncio.Task[None] | None = None
        while not self._queue.drained:
            await self._gather(writing)
            batch = self._in_time(self._queue.take())
            if not batch:
                continue
            decided = await self._try_ahead(batch)
            if writing is not None:
                await writing
            if decided is not None and decided.before == self._head:
                decided.state.parent = self._cache  # everything below is committed and absorbed by now
                self._ahead = decided
            else:
                decided = None
            writing = asyncio.create_task(self._settle(batch, decided))
        if writing is not None:
            await writing
        for connection in (self._writer, self._reader):
            if connection is not None:
                await connection.close()

    async def _gather(self, writing: asyncio.Task[None] | None) -> None:
        """Wait for work; while a batch is being written, let a worthwhile next one gather."""
        await self._queue.wait()
        if writing is not None and not writing.done():
            plenty = asyncio.ensure_future(self._queue.wait_for_plenty())
            await asyncio.wait((writing, plenty), return_when=asyncio.FIRST_COMPLETED)
            plenty.cancel()

    def _in_time(self, batch: list[Submission]) -> list[Submission]:
        """Drop what nobody waits for any more, before it is decided."""
        now = time.monotonic()
        alive = []
        for submission in batch:
            if submission.deadline > now and not submission.done.cancelled():
                alive.append(submission)
            else:
                late = Unavailable("the deadline passed before the command was decided", may_have_happened=False)
                _fail(submission, late)
        return alive

    async def _try_ahead(self, batch: Sequence[Submission]) -> Decided | None:
        """Decide ahead; whatever goes wrong with that, the batch is decided again under the head's lock."""
        try:
            return await self._decide_ahead(batch)
        except Exception:  # a fault in one decision must not end the ledger's only loop
            log.exception("decision_failed")
            return None

    async def _decide_ahead(self, batch: Sequence[Submission]) -> Decided | None:
        """Decide on what this process knows; None when it knows nothing yet or cannot ask the book."""
        ahead = self._ahead
        head = ahead.after if ahead is not None else self._head
        if head is None:
            return None
        cache = self._cache  # adopting the batch ahead may exchange it while we wait; the layers above look at this one
        top = ahead.state if ahead is not None else cache
        try:
            self._reader = await self._open(self._reader)
            with _given_up_when_silent(self._reader):
                known, touched = await load_for(self._reader, batch, top=top, cache=cache)
        except (*CONNECTION_FAULTS, asyncpg.PostgresError) as fault:
            log.warning("read_failed", error=str(fault))
            return None
        decision = BatchDecision(
            head=head,
            state=top,
            known=known,
            touched=touched,
            pending=ahead.keys if ahead is not None else {},
            now=self._clock.now(),
            render=self._render,
        )
        return await _decide_in_slices(decision, batch)

    async def _settle(self, batch: list[Submission], decided: Decided | None) -> None:
        """Write a decided batch and answer; whatever goes wrong, every submission of the batch gets an answer."""
        started = time.perf_counter()
        try:
            if decided is not None:
                try:
                    await self._write(decided)
                except WRITE_FAULTS as fault:
                    self._count_fault(fault)
                    decided = None
            if decided is None:
                self._forget()
                await self._settle_from_book(batch)
            else:
                self._adopt(decided)
                await self._answer(decided)
        except Exception as fault:  # the loop must live on; the fault is logged and every caller told
            log.exception("batch_failed")
            self._forget()
            for submission in batch:
                _fail(submission, Unavailable(f"internal fault: {type(fault).__name__}", may_have_happened=True))
        self._metrics.commit_seconds.observe(time.perf_counter() - started)

    async def _write(self, decided: Decided) -> None:
        """The fast path: the head moves only if it is still where the decision saw it."""
        writer = self._writer = await self._open(self._writer)
        if not decided.rows.idempotency:
            return  # replays only: nothing to write, and nothing of the head's changed
        with _given_up_when_silent(writer):
            async with writer.transaction():
                await append_batch(
                    writer, decided.rows, before=decided.before, after=decided.after, state=decided.state
                )

    async def _settle_from_book(self, batch: list[Submission]) -> None:
        """The sure path: lock the head, read everything, decide, write; repeated while the fault may pass.

        A fault that will not pass (the database refuses a row, a decision raises) is one submission's: split until it
        is alone.
        """
        for attempt in range(1, WRITE_ATTEMPTS_MAX + 1):
            try:
                decided = await self._decide_and_write_locked(batch)
            except WRITE_FAULTS as fault:
                self._count_fault(fault)
                self._forget()
                if isinstance(fault, LASTING_FAULTS):
                    return await self._split(batch, fault)
                if attempt == WRITE_ATTEMPTS_MAX:
                    return _fail_all(batch, Unavailable("the book cannot be reached", may_have_happened=True))
                await asyncio.sleep(WRITE_PAUSE_S * attempt)
            except Exception as fault:  # ours: whose decision raises is found out, the others are served
                log.exception("decision_failed")
                self._forget()
                return await self._split(batch, fault)
            else:
                self._adopt(decided)
                return await self._answer(decided)
        return None

    async def _decide_and_write_locked(self, batch: Sequence[Submission]) -> Decided:
        writer = self._writer = await self._open(self._writer)
        with _given_up_when_silent(writer):
            if self._head is None:
                await read_head(writer, ledger=self._ledger)
            async with writer.transaction():
                head = await lock_head(writer, ledger=self._ledger)
                if head != self._head:  # also between the halves of a split batch another process may have written
                    self._cache = State()
                self._cache.closed_through = head.closed_through
                known, touched = await load_for(writer, batch, top=self._cache, cache=self._cache)
                decision = BatchDecision(
                    head=head,
                    state=self._cache,
                    known=known,
                    touched=touched,
                    pending={},
                    now=self._clock.now(),
                    render=self._render,
                )
                decided = await _decide_in_slices(decision, batch)
                if decided.rows.idempotency:
                    await append_batch(writer, decided.rows, before=head, after=decided.after, state=decided.state)
        return decided

    async def _split(self, batch: list[Submission], fault: BaseException) -> None:
        """Keep one submission's fault from failing its neighbours: halve until it is alone."""
        if len(batch) == 1:
            log.error("submission_failed", error=str(fault), keys=[w.key for w in batch[0].wishes][:KEYS_LOGGED_MAX])
            unknown = not isinstance(fault, LASTING_FAULTS)
            return _fail_all(batch, Unavailable("this command meets a fault of ours", may_have_happened=unknown))
        middle = len(batch) // 2
        await self._settle_from_book(batch[:middle])
        await self._settle_from_book(batch[middle:])
        return None

    def _adopt(self, decided: Decided) -> None:
        """The batch is in the book: its layer becomes part of the committed state."""
        self._ahead = None
        self._head = decided.after
        self._cache.absorb(decided.state)
        if self._cache.size > STATES_CACHED_MAX:
            fresh = State()  # a new one: what is being decided ahead still looks at the old
            fresh.closed_through = self._cache.closed_through
            self._cache = fresh

    def _forget(self) -> None:
        """Trust nothing in memory; read again what is needed."""
        self._ahead = None
        self._head = None
        self._cache = State()

    async def _answer(self, decided: Decided) -> None:
        for submission, outcomes in decided.answers:
            if not submission.done.done():
                submission.done.set_result(outcomes)
        self._count(decided)
        if decided.after.position > decided.before.position:
            with suppress(TimeoutError):
                async with asyncio.timeout(WAKE_S_MAX):
                    await self._committed(decided.after.position)

    def _count(self, decided: Decided) -> None:
        self._metrics.position.set(decided.after.position)
        self._metrics.commands_waiting.set(self._queue.commands_waiting)
        self._metrics.batch_commands.observe(sum(len(outcomes) for _, outcomes in decided.answers))
        accepted = declined = replayed = 0
        for _, outcomes in decided.answers:
            for outcome in outcomes:
                if outcome.replayed:
                    replayed += 1
                elif isinstance(outcome, Declined):
                    declined += 1
                    if isinstance(outcome.refused, Refused):
                        self._metrics.rejections.labels(outcome.refused.rejection.value).inc()
                else:
                    accepted += 1
        for name, count in (("accepted", accepted), ("refused", declined), ("replayed", replayed)):
            if count:
                self._metrics.outcomes.labels(name).inc(count)

    def _count_fault(self, fault: BaseException) -> None:
        if isinstance(fault, HeadMoved):
            self._metrics.conflicts.inc()
            return
        if isinstance(fault, CONNECTION_FAULTS) and self._writer is not None:
            self._writer.terminate()
        self._metrics.faults.labels(type(fault).__name__).inc()
        log.warning("write_failed", error=str(fault), kind=type(fault).__name__)

    async def _open(self, connection: asyncpg.Connection | None) -> asyncpg.Connection:
        return await self._connect() if connection is None or connection.is_closed() else connection


@contextmanager
def _given_up_when_silent(connection: asyncpg.Connection) -> Iterator[None]:
    """Cut a connection that has not done the block's work in time.

    Cancelling the block would not do: ending its transaction would wait for the same silent connection.
    """
    watchdog = asyncio.get_running_loop().call_later(SILENCE_S_MAX, connection.terminate)
    try:
        yield
    finally:
        watchdog.cancel()


async def _decide_in_slices(decision: BatchDecision, batch: Sequence[Submission]) -> Decided:
    """Decide a batch, looking at the sockets every SLICE_COMMANDS so that a write in flight moves on."""
    since_pause = 0
    for submission in batch:
        for _ in decision.steps(submission):
            since_pause += 1
            if since_pause >= SLICE_COMMANDS:
                since_pause = 0
                await asyncio.sleep(0)
    return decision.finish()


def _fail(submission: Submission, fault: Unavailable) -> None:
    if not submission.done.done():
        submission.done.set_exception(fault)


def _fail_all(batch: Sequence[Submission], fault: Unavailable) -> None:
    for submission in batch:
        _fail(submission, fault)
